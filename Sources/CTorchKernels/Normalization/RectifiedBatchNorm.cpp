#include "RectifiedBatchNorm.h"

#include "../InstructionSets/Kernels.h"
#include "../Threads/Parallel.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/native_batch_norm_backward.h>
#include <ATen/ops/threshold_backward.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ctk {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Images below this many elements stay on one thread.
constexpr int64_t shared_elements = 1 << 13;

template <class T>
const T *read(const at::Tensor &tensor) {
    return tensor.defined() ? tensor.const_data_ptr<T>() : nullptr;
}
template <class T>
T *written(const at::Tensor &tensor) {
    return tensor.defined() ? tensor.mutable_data_ptr<T>() : nullptr;
}

at::Tensor image_like(const at::Tensor &input) {
    return at::empty(input.sizes(), input.options().memory_format(at::MemoryFormat::ChannelsLast));
}

template <class Body>
void for_type(const at::Tensor &tensor, Body &&body) {
    if (tensor.scalar_type() == at::kDouble) {
        body(double());
    } else {
        body(float());
    }
}

int64_t rows(const at::Tensor &input) { return input.size(0) * input.size(2) * input.size(3); }

struct RectifiedBatchNorm : torch::autograd::Function<RectifiedBatchNorm> {
    static at::Tensor forward(
        AutogradContext *context, const at::Tensor &input, const std::optional<at::Tensor> &residual,
        const std::optional<at::Tensor> &weight, const std::optional<at::Tensor> &bias, const BatchNormLayer &layer,
        bool rectifies) {
        at::Tensor output = image_like(input);
        const at::Tensor mean = at::empty({input.size(1)}, input.options());
        const at::Tensor scale = at::empty({input.size(1)}, input.options());
        for_type(input, [&](auto type) {
            using T = decltype(type);
            const NormalizationForward<T> task{
                rows(input),
                input.size(1),
                read<T>(input),
                read<T>(residual.value_or(at::Tensor())),
                written<T>(output),
                read<T>(layer.weight),
                read<T>(layer.bias),
                written<T>(layer.running_mean),
                written<T>(layer.running_variance),
                written<T>(mean),
                written<T>(scale),
                layer.momentum,
                layer.eps,
                rectifies,
            };
            const auto &kernel = recorded_kernels().layers<T>().normalization;
            in_parallel(input.numel(), shared_elements, [&](int part, int parts) {
                kernel.forward(task, part, parts);
            });
        });
        for (const at::Tensor &changed : {layer.running_mean, layer.running_variance}) {
            if (changed.defined()) changed.unsafeGetTensorImpl()->bump_version();
        }
        context->save_for_backward({input, layer.weight, mean, scale, rectifies ? output : at::Tensor()});
        context->saved_data["eps"] = layer.eps;
        context->saved_data["inputs"] =
            (residual.has_value() ? has_residual : 0) | (weight.has_value() ? has_weight : 0) |
            (bias.has_value() ? has_bias : 0);
        return output;
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        variable_list result(6);
        if (!gradients[0].defined()) return result;
        const variable_list saved = context->get_saved_variables();
        const at::Tensor &input = saved[0];
        const at::Tensor &weight = saved[1];
        const at::Tensor &mean = saved[2];
        const at::Tensor &scale = saved[3];
        const at::Tensor &output = saved[4];
        // Inputs that were absent are not counted.
        const int64_t present = context->saved_data["inputs"].toInt();
        size_t number = 0;
        const auto wants = [&](int64_t which) {
            return (present & which) == which && context->needs_input_grad(number++);
        };
        const bool wants_input = wants(0);
        const bool wants_residual = wants(has_residual);
        const bool wants_weight = wants(has_weight);
        const bool wants_bias = wants(has_bias);
        if (at::GradMode::is_enabled()) {
            // The backward pass is recorded itself: LibTorch's operations have derivatives.
            const at::Tensor passed = output.defined() ? at::threshold_backward(gradients[0], output, 0) : gradients[0];
            if (wants_residual) result[1] = passed;
            std::tie(result[0], result[2], result[3]) = at::native_batch_norm_backward(
                passed, input, optional(weight), std::nullopt, std::nullopt, optional(mean), optional(scale), true,
                context->saved_data["eps"].toDouble(), {wants_input, wants_weight, wants_bias});
            return result;
        }
        const at::Tensor gradient = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
        if (wants_input) result[0] = image_like(input);
        if (wants_residual) result[1] = output.defined() ? image_like(input) : gradient;
        if (wants_weight) result[2] = at::empty(weight.sizes(), input.options());
        if (wants_bias) result[3] = at::empty({input.size(1)}, input.options());
        for_type(input, [&](auto type) {
            using T = decltype(type);
            const NormalizationBackward<T> task{
                rows(input),
                input.size(1),
                read<T>(gradient),
                read<T>(input),
                read<T>(output),
                read<T>(weight),
                read<T>(mean),
                read<T>(scale),
                written<T>(result[0]),
                output.defined() ? written<T>(result[1]) : nullptr,
                written<T>(result[2]),
                written<T>(result[3]),
            };
            const auto &kernel = recorded_kernels().layers<T>().normalization;
            in_parallel(input.numel(), shared_elements, [&](int part, int parts) {
                kernel.backward(task, part, parts);
            });
        });
        return result;
    }

    static std::optional<at::Tensor> optional(const at::Tensor &tensor) {
        return tensor.defined() ? std::optional(tensor) : std::nullopt;
    }

  private:
    static constexpr int64_t has_residual = 1;
    static constexpr int64_t has_weight = 2;
    static constexpr int64_t has_bias = 4;
};

bool is_vector(const at::Tensor &tensor, const at::Tensor &input) {
    return !tensor.defined() || (tensor.scalar_type() == input.scalar_type() && tensor.is_cpu() &&
                                 tensor.is_contiguous() && tensor.dim() == 1 && tensor.size(0) == input.size(1));
}

}  // namespace

bool can_normalize(const at::Tensor &input, const at::Tensor &residual, const BatchNormLayer &layer) {
    const auto type = input.scalar_type();
    if (kernels() == nullptr || !input.is_cpu() || input.dim() != 4 || input.numel() == 0) return false;
    const auto fills = [&](int lanes) { return input.size(1) % lanes == 0; };
    const bool has_kernel = (type == at::kFloat && fills(kernels()->single_precision.lanes)) ||
                            (type == at::kDouble && fills(kernels()->double_precision.lanes));
    // Of a single value there is no variance: LibTorch has the message.
    if (!has_kernel || rows(input) < 2 || !input.is_contiguous(at::MemoryFormat::ChannelsLast)) return false;
    if (residual.defined() && (residual.scalar_type() != type || residual.sizes() != input.sizes())) return false;
    if (layer.running_mean.defined() != layer.running_variance.defined()) return false;
    for (const at::Tensor *tensor : {&layer.weight, &layer.bias, &layer.running_mean, &layer.running_variance}) {
        if (!is_vector(*tensor, input)) return false;
    }
    return true;
}

at::Tensor rectified_batch_norm(
    const at::Tensor &input, const at::Tensor &residual, const BatchNormLayer &layer, bool rectifies) {
    const at::Tensor added = residual.defined() ? residual.contiguous(at::MemoryFormat::ChannelsLast) : residual;
    const auto optional = RectifiedBatchNorm::optional;
    return RectifiedBatchNorm::apply(
        input, optional(added), optional(layer.weight), optional(layer.bias), layer, rectifies);
}

}  // namespace ctk
