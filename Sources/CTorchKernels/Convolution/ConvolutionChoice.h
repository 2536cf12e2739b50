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

/// Uses one algorithm on this thread wherever it can be, whatever the table says; none: follows the table again.
void select_algorithm(std::optional<ConvolutionAlgorithm> algorithm);

}  // namespace ctk
