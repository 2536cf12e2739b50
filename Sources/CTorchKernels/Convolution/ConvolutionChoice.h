// Which algorithm computes a convolution.
#pragma once

#include <ATen/core/Tensor.h>

namespace ctk {

/// Whether a convolution with one group and dilation one is computed by `tap_convolution` rather than by LibTorch.
///
/// It depends on the sizes, the type, the threads and the instruction set alone.
bool chooses_taps(
    const at::Tensor &input, const at::Tensor &weight, at::IntArrayRef stride, at::IntArrayRef padding);

}  // namespace ctk
