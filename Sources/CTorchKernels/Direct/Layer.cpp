#include "Layer.h"

#include <ATen/ops/flatten.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tanh.h>

#include <optional>

namespace ctk::direct {

at::Tensor eager(const Layer &layer, const at::Tensor &input) {
    switch (layer.kind) {
        case Kind::flatten: return at::flatten(input, 1, -1);
        case Kind::linear:
            return at::linear(
                input, layer.weight, layer.bias.defined() ? std::optional<at::Tensor>(layer.bias) : std::nullopt);
        case Kind::relu: return at::relu(input);
        case Kind::sigmoid: return at::sigmoid(input);
        case Kind::tanh: return at::tanh(input);
        case Kind::gelu: return at::gelu(input, "none");
        case Kind::gelu_tanh: return at::gelu(input, "tanh");
        case Kind::log_softmax: return at::log_softmax(input, 1);
    }
    return input;
}

void relu(const float *values, float *result, int64_t count) {
    // Not a number stays so.
    for (int64_t i = 0; i < count; ++i) result[i] = values[i] < 0 ? 0 : values[i];
}

void relu_backward(const float *gradient, const float *output, float *result, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
        // Read in any case, so that the compiler may use vectors.
        const float given = gradient[i];
        result[i] = output[i] <= 0 ? 0 : given;
    }
}

}  // namespace ctk::direct
