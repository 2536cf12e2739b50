// One step of an optimizer over a group of parameters, and clipping: LibTorch's fused kernels.
#include "Guard.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>

using namespace ctorch;

bool ct_sgd_step(
    const ct_tensor *parameters, const ct_tensor *gradients, const ct_tensor *momentum_buffers, int32_t count,
    ct_sgd_settings settings) {
    return attempted([&] {
        const at::NoGradGuard guard;
        const auto buffers = momentum_buffers == nullptr ? std::vector<at::Tensor>() : retained(momentum_buffers, count);
        at::_fused_sgd_(
            retained(parameters, count), retained(gradients, count), buffers, settings.weight_decay, settings.momentum,
            settings.learning_rate, settings.dampening, settings.nesterov, settings.maximize, settings.first_step);
    });
}

bool ct_adam_step(
    const ct_tensor *parameters, const ct_tensor *gradients, const ct_tensor *averages,
    const ct_tensor *square_averages, const ct_tensor *maximum_square_averages, const ct_tensor *steps, int32_t count,
    ct_adam_settings settings) {
    return attempted([&] {
        const at::NoGradGuard guard;
        const auto maxima =
            settings.amsgrad ? retained(maximum_square_averages, count) : std::vector<at::Tensor>();
        const auto step = [&](auto kernel) {
            kernel(
                retained(parameters, count), retained(gradients, count), retained(averages, count),
                retained(square_averages, count), maxima, retained(steps, count));
        };
        if (settings.decoupled) {
            step([&](auto &&...lists) {
                at::_fused_adamw_(
                    lists..., settings.learning_rate, settings.beta1, settings.beta2, settings.weight_decay,
                    settings.eps, settings.amsgrad, settings.maximize);
            });
        } else {
            step([&](auto &&...lists) {
                at::_fused_adam_(
                    lists..., settings.learning_rate, settings.beta1, settings.beta2, settings.weight_decay,
                    settings.eps, settings.amsgrad, settings.maximize);
            });
        }
    });
}

bool ct_advance_steps(const ct_tensor *steps, int32_t count) {
    return attempted([&] {
        const at::NoGradGuard guard;
        at::_foreach_add_(retained(steps, count), 1);
    });
}

ct_tensor ct_clip_grad_norm(const ct_tensor *gradients, int32_t count, double max_norm, double norm_type) {
    return guarded([&] {
        const at::NoGradGuard guard;
        const auto tensors = retained(gradients, count);
        const at::Tensor total = at::linalg_vector_norm(at::stack(at::_foreach_norm(tensors, norm_type)), norm_type);
        const at::Tensor coefficient = total.add(1e-6).reciprocal().mul(max_norm).clamp_max(1.0);
        at::_foreach_mul_(tensors, coefficient);
        return total;
    });
}
