// The linear layer on the matrix product, with gradients.
#pragma once

#include <ATen/core/Tensor.h>

namespace ctk {

/// Whether `linear` takes them: float32 on the CPU of a machine with kernels, a weight (outputs, inputs), an input
/// (…, inputs) of at least one dimension, and a bias (outputs) or none.
bool can_multiply(const at::Tensor &input, const at::Tensor &weight, const at::Tensor &bias);

/// `input · weightᵀ + bias` (PyTorch's `linear`); `bias` may be undefined.
at::Tensor linear(const at::Tensor &input, const at::Tensor &weight, const at::Tensor &bias);

}  // namespace ctk
