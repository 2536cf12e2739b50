// Tensors of zeros that take up no memory where nothing is written.
#pragma once

#include <ATen/core/Tensor.h>

namespace ctk {

/// Zeros of a tensor's sizes, strides and type.
///
/// Large ones on the CPU come straight from the system, which gives a page its memory when it is first written to. Of a
/// convolution's gradient, and of an optimizer's state for it, whole taps may never be.
at::Tensor lazy_zeros(const at::Tensor &other);

}  // namespace ctk
