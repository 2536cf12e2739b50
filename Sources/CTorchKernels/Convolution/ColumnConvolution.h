// A convolution as one matrix product over the whole batch, of the inputs that each output sees.
#pragma once

#include <ATen/core/Tensor.h>

namespace ctk {

/// The convolution, with the channels last in memory; the weight lies by taps. It takes any number of outputs.
at::Tensor column_convolution(
    const at::Tensor &input, const at::Tensor &weight, at::IntArrayRef stride, at::IntArrayRef padding);

}  // namespace ctk
