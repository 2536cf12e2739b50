// A convolution as matrix products of its taps, with gradients.
#pragma once

#include <ATen/core/Tensor.h>

namespace ctk {

/// Whether there are kernels here for a weight of its type, and as many outputs as fill their vectors.
bool can_convolve_by_taps(const at::Tensor &weight);

/// The convolution, with the channels last in memory; the weight lies by taps.
at::Tensor tap_convolution(
    const at::Tensor &input, const at::Tensor &weight, at::IntArrayRef stride, at::IntArrayRef padding);

}  // namespace ctk
