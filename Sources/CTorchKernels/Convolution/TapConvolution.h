// A convolution as matrix products of its taps, with gradients.
#pragma once

#include "ConvolutionShape.h"

#include <ATen/core/Tensor.h>

namespace ctk {

/// Whether a weight (outputs, inputs, height, width) lies in memory in the order (height, width, inputs, outputs), in
/// which neighbouring taps are neighbours.
bool is_tap_major(const at::Tensor &weight);

/// The same weight in that order.
at::Tensor tap_major(const at::Tensor &weight);

/// Whether `tap_convolution` takes them: dense tensors of float or double on the CPU of a machine with kernels, and as
/// many outputs as fill vectors.
bool can_convolve_by_taps(const at::Tensor &input, const at::Tensor &weight);

/// What `input` (N, inputs, height, width) and `weight` (outputs, inputs, kernel height, kernel width) are.
ConvolutionShape convolution_shape(
    const at::Tensor &input, const at::Tensor &weight, at::IntArrayRef stride, at::IntArrayRef padding);

/// The convolution, with the channels last in memory.
at::Tensor tap_convolution(
    const at::Tensor &input, const at::Tensor &weight, at::IntArrayRef stride, at::IntArrayRef padding);

}  // namespace ctk
