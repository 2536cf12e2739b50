// The layers and losses that know their own backward pass.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace ctk::direct {

/// A layer of a chain; the numbers are those of the C interface.
enum class Kind : int32_t {
    flatten = 0,
    linear = 1,
    relu = 2,
    sigmoid = 3,
    tanh = 4,
    gelu = 5,
    gelu_tanh = 6,
    log_softmax = 7,
};

struct Layer {
    Kind kind;
    /// Of a linear layer, (outputs, inputs); undefined for others.
    at::Tensor weight;
    /// (outputs), or undefined.
    at::Tensor bias;
};

/// What LibTorch computes for a layer, recorded for its autograd.
at::Tensor eager(const Layer &layer, const at::Tensor &input);

/// The larger of zero and each element; `result` may be `values`.
void relu(const float *values, float *result, int64_t count);
/// `result = output > 0 ? gradient : 0`; `result` may be `gradient`.
void relu_backward(const float *gradient, const float *output, float *result, int64_t count);

}  // namespace ctk::direct
