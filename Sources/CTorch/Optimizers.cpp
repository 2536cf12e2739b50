// One step of an optimizer over a group of parameters, and clipping: kernels in one pass, and LibTorch's fused ones for
// what those do not take.
#include "Guard.h"

#include <Optimizers/ParameterUpdate.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>

using namespace ctorch;

namespace {

/// Whether the elements of both lie in the same order; the strides of dimensions of size one do not matter.
bool same_layout(const at::Tensor &first, const at::Tensor &second) {
    for (int64_t i = 0; i < first.dim(); ++i) {
        if (first.size(i) != 1 && first.stride(i) != second.stride(i)) return false;
    }
    return true;
}

/// The tensors of one step.
///
/// The fused kernels of the CPU walk memory and ignore strides: a tensor with gaps, or in another order than its
/// parameter, takes part through a copy, and so does one that is computed in another type.
class StepTensors {
  public:
    StepTensors(const ct_tensor *parameters, int32_t count, bool widens_half)
        : parameters_(retained(parameters, count)) {
        for (const at::Tensor &parameter : parameters_) {
            const bool widened = widens_half && parameter.is_cpu() && at::isReducedFloatingType(parameter.scalar_type());
            const bool usable = !widened && parameter.is_non_overlapping_and_dense();
            const auto type = widened ? at::kFloat : parameter.scalar_type();
            patterns_.push_back(usable ? parameter : at::empty_like(parameter, parameter.options().dtype(type)));
        }
    }

    /// Tensors that the step reads.
    std::vector<at::Tensor> read(const ct_tensor *handles) { return fitted(handles, false); }
    /// Tensors that the step changes.
    std::vector<at::Tensor> changed(const ct_tensor *handles) { return fitted(handles, true); }

    /// Brings what the step changed back from the copies.
    void finish() {
        for (auto &[original, copy] : copies_) original.copy_(copy);
    }

  private:
    std::vector<at::Tensor> fitted(const ct_tensor *handles, bool changes) {
        std::vector<at::Tensor> tensors = retained(handles, static_cast<int32_t>(parameters_.size()));
        for (size_t i = 0; i < tensors.size(); ++i) {
            const at::Tensor original = tensors[i];
            const at::Tensor &parameter = parameters_[i];
            TORCH_CHECK(
                original.sizes() == parameter.sizes() && original.scalar_type() == parameter.scalar_type() &&
                    original.device() == parameter.device(),
                "a parameter of shape ", parameter.sizes(), ", type ", parameter.scalar_type(), " on ",
                parameter.device(), " has a gradient or state of shape ", original.sizes(), ", type ",
                original.scalar_type(), " on ", original.device());
            const at::Tensor &pattern = patterns_[i];
            if (original.scalar_type() == pattern.scalar_type() && same_layout(original, pattern)) continue;
            tensors[i] = at::empty_like(pattern).copy_(original);
            if (changes) copies_.emplace_back(original, tensors[i]);
        }
        return tensors;
    }

    std::vector<at::Tensor> parameters_;
    std::vector<at::Tensor> patterns_;
    std::vector<std::pair<at::Tensor, at::Tensor>> copies_;
};

/// What came of a step, as a number; zero when it threw.
template <class Body>
int32_t outcome(Body &&body) noexcept {
    auto result = static_cast<int32_t>(CT_UPDATE_FAILED);
    attempted([&] { result = static_cast<int32_t>(body()); });
    return result;
}

}  // namespace

struct ct_update_handle {
    ctk::ParameterUpdate update;
};

ct_update ct_update_new(const ct_tensor *parameters, int32_t count) {
    ct_update made = nullptr;
    attempted([&] { made = new ct_update_handle{ctk::ParameterUpdate(retained(parameters, count))}; });
    return made;
}
void ct_update_release(ct_update self) { delete self; }
bool ct_update_set_state(
    ct_update self, int32_t index, ct_tensor first, ct_tensor second, ct_tensor largest, ct_tensor step, bool is_new) {
    return attempted([&] {
        const auto given = [](ct_tensor handle) { return handle == nullptr ? at::Tensor() : retained(handle); };
        self->update.set_state(
            static_cast<size_t>(index), given(first), given(second), given(largest), given(step), is_new);
    });
}
int32_t ct_update_sgd(ct_update self, ct_sgd_settings settings) {
    return outcome([&] {
        return self->update.sgd({
            settings.learning_rate, settings.momentum, settings.dampening, settings.weight_decay, settings.nesterov,
            settings.maximize});
    });
}
int32_t ct_update_adam(ct_update self, ct_adam_settings settings) {
    return outcome([&] {
        return self->update.adam({
            settings.learning_rate, settings.beta1, settings.beta2, settings.eps, settings.weight_decay,
            settings.amsgrad, settings.maximize, settings.decoupled});
    });
}

bool ct_sgd_step(
    const ct_tensor *parameters, const ct_tensor *gradients, const ct_tensor *momentum_buffers, int32_t count,
    ct_sgd_settings settings) {
    return attempted([&] {
        const at::NoGradGuard guard;
        // The CPU kernel has no working path for half precision.
        StepTensors tensors(parameters, count, true);
        const auto buffers =
            momentum_buffers == nullptr ? std::vector<at::Tensor>() : tensors.changed(momentum_buffers);
        at::_fused_sgd_(
            tensors.changed(parameters), tensors.read(gradients), buffers, settings.weight_decay, settings.momentum,
            settings.learning_rate, settings.dampening, settings.nesterov, settings.maximize, settings.first_step);
        tensors.finish();
    });
}

bool ct_adam_step(
    const ct_tensor *parameters, const ct_tensor *gradients, const ct_tensor *averages,
    const ct_tensor *square_averages, const ct_tensor *maximum_square_averages, const ct_tensor *steps, int32_t count,
    ct_adam_settings settings) {
    return attempted([&] {
        const at::NoGradGuard guard;
        StepTensors tensors(parameters, count, false);
        const auto maxima =
            settings.amsgrad ? tensors.changed(maximum_square_averages) : std::vector<at::Tensor>();
        const auto step = [&](auto kernel) {
            kernel(
                tensors.changed(parameters), tensors.read(gradients), tensors.changed(averages),
                tensors.changed(square_averages), maxima, retained(steps, count));
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
        tensors.finish();
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
