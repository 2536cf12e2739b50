// Which algorithm computes a convolution.
#pragma once

#include "ConvolutionTable.h"

#include <ATen/core/Tensor.h>

#include <optional>

namespace ctk {

/// The algorithm for a convolution with one group and dilation one: the table's, or else a rule's.
///
/// It depends on the sizes, the type, the threads and the instruction set alone, and on the order of the weight in
/// memory: one that does not lie by taps belongs to LibTorch, and so does what an algorithm cannot compute.
ConvolutionAlgorithm chosen_algorithm(
    const at::Tensor &input, const at::Tensor &weight, at::IntArrayRef stride, at::IntArrayRef padding);

/// The input as LibTorch's convolution gets it: where other algorithms are in use, with its channels last, as these
/// leave and expect it.
///
/// LibTorch keeps the order of its input, so that a first layer would pass the order of a data set's images on.
at::Tensor arranged_for_libtorch(const at::Tensor &input, const at::Tensor &weight);

/// Uses one algorithm on this thread wherever it can be, whatever the table says; none: follows the table again.
void select_algorithm(std::optional<ConvolutionAlgorithm> algorithm);

}  // namespace ctk
