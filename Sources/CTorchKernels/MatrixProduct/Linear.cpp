#include "Linear.h"

#include "../InstructionSets/Kernels.h"
#include "MatrixProduct.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/sum.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>
#include <vector>

namespace ctk {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Matrix matrix(const at::Tensor &tensor) {
    const int64_t columns = tensor.size(-1);
    return Matrix::contiguous(tensor.const_data_ptr<float>(), tensor.numel() / columns, columns);
}

std::vector<int64_t> sizes_with_last(const at::Tensor &tensor, int64_t last) {
    std::vector<int64_t> sizes = tensor.sizes().vec();
    sizes.back() = last;
    return sizes;
}

struct Linear : torch::autograd::Function<Linear> {
    static at::Tensor forward(
        AutogradContext *context, const at::Tensor &input, const at::Tensor &weight,
        const std::optional<at::Tensor> &bias) {
        at::Tensor output = at::empty(sizes_with_last(input, weight.size(0)), input.options());
        const at::Tensor added = bias ? bias->contiguous() : at::Tensor();
        multiply(
            matrix(input), matrix(weight).transposed(), output.mutable_data_ptr<float>(),
            bias ? added.const_data_ptr<float>() : nullptr);
        // What the gradients need and no more, so that the rest may be changed in place, as with LibTorch's layer.
        context->save_for_backward(
            {weight.requires_grad() ? input : at::Tensor(), input.requires_grad() ? weight : at::Tensor()});
        context->saved_data["bias"] = bias.has_value();
        return output;
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        variable_list results(3);
        if (!gradients[0].defined()) return results;
        const variable_list saved = context->get_saved_variables();
        const at::Tensor &input = saved[0];
        const at::Tensor &weight = saved[1];
        const bool wants_input = context->needs_input_grad(0), wants_weight = context->needs_input_grad(1);
        const at::Tensor gradient = gradients[0].contiguous();
        const at::Tensor rows = gradient.reshape({-1, gradient.size(-1)});
        if (context->saved_data["bias"].toBool() && context->needs_input_grad(2)) results[2] = rows.sum(0);
        if (at::GradMode::is_enabled()) {
            // The backward pass is recorded itself.
            if (wants_input) results[0] = at::matmul(gradient, weight);
            if (wants_weight) results[1] = rows.t().mm(input.reshape({-1, input.size(-1)}));
            return results;
        }
        if (wants_input) {
            results[0] = at::empty(sizes_with_last(gradient, weight.size(1)), gradient.options());
            multiply(matrix(gradient), matrix(weight), results[0].mutable_data_ptr<float>());
        }
        if (wants_weight) {
            results[1] = at::empty({gradient.size(-1), input.size(-1)}, gradient.options());
            multiply(matrix(gradient).transposed(), matrix(input), results[1].mutable_data_ptr<float>());
        }
        return results;
    }
};

bool is_float_on_cpu(const at::Tensor &tensor) {
    return tensor.layout() == at::kStrided && tensor.is_cpu() && tensor.scalar_type() == at::kFloat &&
           tensor.numel() > 0;
}

}  // namespace

bool can_multiply(const at::Tensor &input, const at::Tensor &weight, const at::Tensor &bias) {
    if (kernels() == nullptr || !is_float_on_cpu(input) || !is_float_on_cpu(weight)) return false;
    if (weight.dim() != 2 || input.dim() == 0 || input.size(-1) != weight.size(1)) return false;
    return !bias.defined() || (is_float_on_cpu(bias) && bias.dim() == 1 && bias.size(0) == weight.size(0));
}

at::Tensor linear(const at::Tensor &input, const at::Tensor &weight, const at::Tensor &bias) {
    return Linear::apply(
        input.contiguous(), weight.contiguous(), bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt);
}

}  // namespace ctk
