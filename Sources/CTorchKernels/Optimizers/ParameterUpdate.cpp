#include "ParameterUpdate.h"

#include "../InstructionSets/Kernels.h"
#include "../Threads/Parallel.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>

#include <cmath>

namespace ctk {
namespace {

/// Steps over fewer elements stay on one thread.
constexpr int64_t shared_elements = 1 << 15;

bool is_suited(const at::Tensor &tensor) {
    return tensor.is_cpu() && tensor.scalar_type() == at::kFloat && tensor.layout() == at::kStrided;
}

/// Whether the elements of both lie in the same order; the strides of dimensions of size one do not matter.
bool matches(const at::Tensor &tensor, const at::Tensor &parameter) {
    if (!is_suited(tensor) || tensor.sizes() != parameter.sizes()) return false;
    for (int64_t i = 0; i < parameter.dim(); ++i) {
        if (parameter.size(i) != 1 && tensor.stride(i) != parameter.stride(i)) return false;
    }
    return true;
}

bool is_zero(const at::Tensor &tensor, const Spans &spans) {
    if (!tensor.defined()) return true;
    const auto *values = tensor.const_data_ptr<float>();
    for (const Span &span : spans) {
        if (std::any_of(values + span.begin, values + span.end, [](float value) { return value != 0; })) return false;
    }
    return true;
}

float *start(const at::Tensor &tensor) { return tensor.defined() ? tensor.mutable_data_ptr<float>() : nullptr; }

}  // namespace

ParameterUpdate::ParameterUpdate(std::vector<at::Tensor> parameters) {
    members_.reserve(parameters.size());
    for (at::Tensor &parameter : parameters) members_.push_back({std::move(parameter), {}, {}, {}, {}, false, false, {}});
}

void ParameterUpdate::set_state(
    size_t index, at::Tensor first, at::Tensor second, at::Tensor largest, at::Tensor step, bool is_new) {
    Member &member = members_.at(index);
    member.first = std::move(first);
    member.second = std::move(second);
    member.largest = std::move(largest);
    member.step = std::move(step);
    member.has_state = true;
    member.is_new = is_new;
    member.touched = is_new ? std::optional(Spans()) : std::nullopt;
}

UpdateOutcome ParameterUpdate::collect(bool needs_first, bool needs_second, bool needs_largest, bool may_skip) {
    if (kernels() == nullptr) return UpdateOutcome::unsuited;
    pending_.clear();
    pieces_.clear();
    copies_.clear();
    for (size_t i = 0; i < members_.size(); ++i) {
        const Member &member = members_[i];
        const at::Tensor &gradient = member.parameter.mutable_grad();
        if (!gradient.defined()) continue;
        if (!is_suited(member.parameter) || !is_suited(gradient) || gradient.sizes() != member.parameter.sizes() ||
            !member.parameter.is_non_overlapping_and_dense()) {
            return UpdateOutcome::unsuited;
        }
        if (needs_first && !member.has_state) return UpdateOutcome::needs_state;
        const auto fits = [&](const at::Tensor &state, bool is_needed) {
            return !is_needed || (state.defined() && matches(state, member.parameter));
        };
        if (!fits(member.first, needs_first) || !fits(member.second, needs_second) ||
            !fits(member.largest, needs_largest)) {
            return UpdateOutcome::unsuited;
        }
        if (needs_second && !(member.step.defined() && is_suited(member.step) && member.step.numel() == 1)) {
            return UpdateOutcome::unsuited;
        }
        pending_.push_back(i);
    }
    for (const size_t i : pending_) add(members_[i], members_[i].parameter.mutable_grad(), may_skip);
    return UpdateOutcome::done;
}

/// Adds the elements of one parameter that this step changes.
void ParameterUpdate::add(Member &member, const at::Tensor &given, bool may_skip) {
    at::Tensor copy;
    if (!matches(given, member.parameter)) {
        const at::NoGradGuard guard;
        copy = at::empty_like(member.parameter.detach()).copy_(given);
        copies_.push_back(copy);
    }
    const at::Tensor &gradient = copy.defined() ? copy : given;
    const int64_t size = member.parameter.numel();
    const auto piece = [&](const Span &span) {
        const auto at = [&](const at::Tensor &tensor) {
            return tensor.defined() ? start(tensor) + span.begin : nullptr;
        };
        pieces_.push_back(
            {{at(member.parameter), gradient.const_data_ptr<float>() + span.begin, at(member.first), at(member.second),
              at(member.largest), span.count()},
             static_cast<size_t>(&member - members_.data())});
    };
    const auto support = member.parameter.dim() == 4 && !copy.defined()
                             ? GradientSupport::find(member.parameter.unsafeGetTensorImpl())
                             : nullptr;
    const Spans *live = support == nullptr ? nullptr : support->live(gradient);
    if (live == nullptr) {
        member.touched.reset();
        return piece({0, size});
    }
    if (!member.touched.has_value()) {
        const Spans rest = complement(*live, size);
        const bool is_untouched =
            is_zero(member.first, rest) && is_zero(member.second, rest) && is_zero(member.largest, rest);
        member.touched = is_untouched ? *live : Spans{{0, size}};
    } else {
        member.touched = united(*member.touched, *live);
    }
    if (!may_skip) return piece({0, size});
    for (const Span &span : *member.touched) piece(span);
}

template <class Numbers>
void ParameterUpdate::run(
    void (*kernel)(const UpdateSpan &, const Numbers &), const std::vector<Numbers> &numbers) {
    int64_t total = 0;
    for (const Piece &piece : pieces_) total += piece.span.count;
    in_parallel(total, shared_elements, [&](int part, int parts) {
        const int64_t begin = total * part / parts;
        const int64_t end = total * (part + 1) / parts;
        int64_t position = 0;
        for (const Piece &piece : pieces_) {
            // A piece is cut between vectors, so that the same elements are rounded in the same way for any number of
            // threads.
            const auto cut = [&](int64_t place) {
                const int64_t inside = std::clamp<int64_t>(place - position, 0, piece.span.count);
                return inside == piece.span.count ? inside : inside / 16 * 16;
            };
            const int64_t from = cut(begin);
            const int64_t to = cut(end);
            position += piece.span.count;
            if (from >= to) continue;
            UpdateSpan span = piece.span;
            const auto advance = [&](auto *&pointer) {
                if (pointer != nullptr) pointer += from;
            };
            advance(span.parameter);
            advance(span.gradient);
            advance(span.first);
            advance(span.second);
            advance(span.largest);
            span.count = to - from;
            kernel(span, numbers[piece.numbers]);
        }
    });
}

/// Lets the backward pass see that what it has kept was changed.
void ParameterUpdate::mark_changed() {
    for (const size_t i : pending_) {
        Member &member = members_[i];
        member.is_new = false;
        for (at::Tensor *tensor : {&member.parameter, &member.first, &member.second, &member.largest, &member.step}) {
            if (tensor->defined()) tensor->unsafeGetTensorImpl()->bump_version();
        }
    }
}

UpdateOutcome ParameterUpdate::sgd(const SGDSettings &settings) {
    const bool has_momentum = settings.momentum != 0;
    const auto outcome = collect(has_momentum, false, false, settings.weight_decay == 0);
    if (outcome != UpdateOutcome::done) return outcome;
    sgd_numbers_.resize(members_.size());
    for (const size_t i : pending_) {
        sgd_numbers_[i] = {
            static_cast<float>(settings.learning_rate), static_cast<float>(settings.momentum),
            static_cast<float>(settings.dampening),     static_cast<float>(settings.weight_decay),
            settings.nesterov,                          settings.maximize,
            members_[i].is_new,
        };
    }
    if (!has_momentum) {
        // A buffer of a time with momentum stays as it is.
        for (Piece &piece : pieces_) piece.span.first = nullptr;
    }
    run(kernels()->updates.sgd, sgd_numbers_);
    mark_changed();
    return outcome;
}

UpdateOutcome ParameterUpdate::adam(const AdamSettings &settings) {
    // Zero divided by zero would not leave an element as it is.
    const bool may_skip = settings.weight_decay == 0 && settings.eps > 0;
    const auto outcome = collect(true, true, settings.amsgrad, may_skip);
    if (outcome != UpdateOutcome::done) return outcome;
    adam_numbers_.resize(members_.size());
    AdamNumbers numbers{};
    float known = -1;
    for (const size_t i : pending_) {
        float &step = *members_[i].step.mutable_data_ptr<float>();
        step += 1;
        if (step != known) {
            known = step;
            const double correction1 = 1 - std::pow(settings.beta1, static_cast<double>(step));
            const double correction2 = 1 - std::pow(settings.beta2, static_cast<double>(step));
            numbers = {
                settings.beta1,
                settings.beta2,
                settings.learning_rate,
                static_cast<float>(settings.eps),
                settings.weight_decay,
                settings.decoupled,
                settings.maximize,
                static_cast<float>(settings.learning_rate / correction1),
                static_cast<float>(std::sqrt(correction2)),
            };
        }
        adam_numbers_[i] = numbers;
    }
    if (!settings.amsgrad) {
        for (Piece &piece : pieces_) piece.span.largest = nullptr;
    }
    run(kernels()->updates.adam, adam_numbers_);
    mark_changed();
    return outcome;
}

}  // namespace ctk
