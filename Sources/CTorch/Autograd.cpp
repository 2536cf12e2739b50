// Gradients: what requires them, the backward pass, the mode.
#include "Guard.h"

#include <Convolution/GradientSupport.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zero.h>
#include <Direct/BackwardPass.h>
#include <torch/csrc/autograd/autograd.h>

using namespace ctorch;

namespace {
/// Why the last backward pass of this thread went through the engine.
thread_local const char *detour = nullptr;

/// Runs the backward pass without an engine; says why where that is not possible.
const char *direct_detour(ct_tensor self, ct_tensor gradient) {
    const Borrowed loss(self);
    if (gradient == nullptr) return ctk::direct::run_backward(loss);
    const Borrowed given(gradient);
    if (given->dim() != 0 || given->scalar_type() != at::kFloat || !given->is_cpu() || given->requires_grad()) {
        return "the pass starts from a gradient that is no single number";
    }
    return ctk::direct::run_backward(loss, *given->const_data_ptr<float>());
}
}  // namespace

bool ct_requires_grad(ct_tensor self) { return implementation(self)->requires_grad(); }
bool ct_set_requires_grad(ct_tensor self, bool value) {
    return attempted([&] { Borrowed(self)->requires_grad_(value); });
}
bool ct_is_leaf(ct_tensor self) { return Borrowed(self)->is_leaf(); }
ct_tensor ct_grad(ct_tensor self) {
    const Borrowed tensor(self);
    const at::Tensor &gradient = tensor->mutable_grad();  // grad() would warn on tensors that are no leaves
    return gradient.defined() ? released(gradient) : nullptr;
}
bool ct_set_grad(ct_tensor self, ct_tensor gradient) {
    return attempted([&] {
        const Borrowed tensor(self);
        if (gradient != nullptr) {
            const Borrowed given(gradient);
            TORCH_CHECK(
                given->sizes() == tensor->sizes() && given->scalar_type() == tensor->scalar_type() &&
                    given->device() == tensor->device(),
                "a gradient has its tensor's shape, type and device");
        }
        tensor->mutable_grad() = gradient == nullptr ? at::Tensor() : retained(gradient);
    });
}
bool ct_zero_grad(const ct_tensor *tensors, int32_t count, bool set_to_none) {
    return attempted([&] {
        for (int32_t i = 0; i < count; ++i) {
            const Borrowed tensor(tensors[i]);
            at::Tensor &gradient = tensor->mutable_grad();
            if (!gradient.defined()) continue;
            if (set_to_none) {
                gradient.reset();
            } else {
                const at::NoGradGuard guard;
                gradient.detach_().zero_();
            }
        }
    });
}
bool ct_retain_grad(ct_tensor self) {
    return attempted([&] { Borrowed(self)->retain_grad(); });
}
ct_tensor ct_detach(ct_tensor self) {
    return guarded([&] { return Borrowed(self)->detach(); });
}
bool ct_set_data(ct_tensor self, ct_tensor source) {
    return attempted([&] { Borrowed(self)->set_data(Borrowed(source)); });
}
bool ct_backward(ct_tensor self, ct_tensor gradient, bool retain_graph, bool create_graph) {
    return attempted([&] {
        detour = retain_graph || create_graph ? "the graph of the pass is kept" : direct_detour(self, gradient);
        if (detour == nullptr) return;
        torch::autograd::backward(
            {retained(self)}, gradient == nullptr ? std::vector<at::Tensor>() : std::vector<at::Tensor>{retained(gradient)},
            retain_graph, create_graph);
    });
}
const char *ct_backward_detour(void) { return detour; }
bool ct_gradients(
    const ct_tensor *outputs, int32_t output_count, const ct_tensor *inputs, int32_t input_count,
    const ct_tensor *output_gradients, bool retain_graph, bool create_graph, ct_tensor *out) {
    return attempted([&] {
        std::vector<at::Tensor> seeds;
        if (output_gradients != nullptr) {
            for (int32_t i = 0; i < output_count; ++i) {
                seeds.push_back(output_gradients[i] == nullptr ? at::Tensor() : retained(output_gradients[i]));
            }
        }
        auto gradients = torch::autograd::grad(
            retained(outputs, output_count), retained(inputs, input_count), seeds, retain_graph, create_graph,
            /*allow_unused=*/true);
        for (int32_t i = 0; i < input_count; ++i) {
            out[i] = gradients[i].defined() ? released(std::move(gradients[i])) : nullptr;
        }
    });
}
bool ct_grad_mode(void) { return at::GradMode::is_enabled(); }
void ct_set_grad_mode(bool enabled) { at::GradMode::set_enabled(enabled); }

bool ct_gradient_support(ct_tensor parameter, int64_t *ranges, int32_t capacity, int32_t *count) {
    return attempted([&] {
        const auto found = ctk::GradientSupport::find(implementation(parameter));
        *count = -1;
        if (found == nullptr) return;
        const ctk::Spans &spans = found->support();
        *count = static_cast<int32_t>(spans.size());
        for (int32_t i = 0; i < std::min(capacity, *count); ++i) {
            ranges[2 * i] = spans[i].begin;
            ranges[2 * i + 1] = spans[i].end;
        }
    });
}
bool ct_set_gradient_memory(ct_tensor parameter, ct_tensor memory) {
    return attempted([&] {
        const Borrowed weight(parameter);
        if (memory == nullptr) {
            ctk::GradientSupport::of(weight)->assign(at::Tensor());
            return;
        }
        const Borrowed given(memory);
        TORCH_CHECK(
            given->sizes() == weight->sizes() && given->strides() == weight->strides() &&
                given->scalar_type() == weight->scalar_type() && given->device() == weight->device(),
            "the memory of a gradient has its parameter's sizes, strides, type and device");
        ctk::GradientSupport::of(weight)->assign(given);
    });
}
