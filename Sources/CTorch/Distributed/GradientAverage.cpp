#include "GradientAverage.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <SharedMemory/MemoryFile.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace ctorch {

using ctk::GradientSupport;
using ctk::Span;
using ctk::Spans;
using ctk::direct::FlatGradients;

namespace {
constexpr int64_t line = FlatGradients::line;
/// Gaps of fewer elements are reduced too, which takes less time than another collective.
constexpr int64_t least_gap = 1 << 13;

/// What a rank says of a cache line: its gradients have something there in this step, or will have in every one.
constexpr uint8_t is_present = 1;
constexpr uint8_t is_usual = 2;

/// The cache lines that the spans touch, as ranges of elements.
Spans whole_lines(const Spans &spans) {
    Spans result;
    for (const Span &span : spans) result.push_back({span.begin / line * line, (span.end + line - 1) / line * line});
    return ctk::united(result, {});
}

Spans moved(const Spans &spans, int64_t offset) {
    Spans result = spans;
    for (Span &span : result) {
        span.begin += offset;
        span.end += offset;
    }
    return result;
}

/// What of the spans lies in a range.
Spans inside(const Spans &spans, const Span &range) {
    Spans result;
    for (const Span &span : spans) {
        const Span part{std::max(span.begin, range.begin), std::min(span.end, range.end)};
        if (!part.is_empty()) result.push_back(part);
    }
    return result;
}

void mark(uint8_t *lines, const Spans &spans, uint8_t what) {
    for (const Span &span : spans) {
        for (int64_t i = span.begin / line; i < span.end / line; ++i) lines[i] |= what;
    }
}

/// The elements of the cache lines that are marked.
Spans marked(const uint8_t *lines, int64_t count, uint8_t what) {
    Spans result;
    for (int64_t i = 0; i < count; ++i) {
        if ((lines[i] & what) == 0) continue;
        if (result.empty() || result.back().end != i * line) result.push_back({i * line, i * line});
        result.back().end += line;
    }
    return result;
}
}  // namespace

GradientAverage::GradientAverage(
    const std::vector<at::Tensor> &parameters, c10::intrusive_ptr<RecordedBackend> ranks)
    : parameters_(parameters), ranks_(std::move(ranks)), is_shared_(ranks_->getBackendName() == "shm") {
    if (ranks_->getSize() == 1) return;
    const int64_t count = FlatGradients::elements(parameters);
    // A cache line behind the gradients has the number that travels with them.
    flat_ = std::make_shared<FlatGradients>(parameters, ranks_->allocate(count + line, at::kFloat));
    flat_->lend_to_convolutions();
    Spans others{{count, count + line}};
    for (size_t i = 0; i < parameters.size(); ++i) {
        if (parameters[i].dim() == 4) {
            weights_.push_back({i, {}});
        } else {
            others.push_back(flat_->place(i));
        }
    }
    agree(whole_lines(ctk::united(others, {})));
}

void GradientAverage::agree(Spans ranges) {
    agreed_.clear();
    for (const Span &range : ranges) {
        if (!agreed_.empty() && range.begin - agreed_.back().end < least_gap) {
            agreed_.back().end = range.end;
        } else {
            agreed_.push_back(range);
        }
    }
    for (Weight &weight : weights_) weight.agreed = inside(agreed_, flat_->place(weight.index));
}

int64_t GradientAverage::elements() const {
    int64_t total = 0;
    for (const at::Tensor &parameter : parameters_) total += parameter.numel();
    return total;
}

int64_t GradientAverage::elements_in(const Spans &ranges) const {
    int64_t total = 0;
    for (size_t i = 0; flat_ && i < parameters_.size(); ++i) {
        total += ctk::count(inside(ranges, flat_->place(i)));
    }
    return total;
}

Spans GradientAverage::present(const Weight &weight) const {
    const at::Tensor &parameter = parameters_[weight.index];
    const Span &place = flat_->place(weight.index);
    const auto support = GradientSupport::find(parameter.unsafeGetTensorImpl());
    const Spans *live = support == nullptr ? nullptr : support->live(flat_->slot(weight.index));
    if (live == nullptr || !parameter.mutable_grad().is_same(flat_->slot(weight.index))) return {place};
    return moved(*live, place.begin);
}

Spans GradientAverage::known_support(const Weight &weight) const {
    const Span &place = flat_->place(weight.index);
    const auto support = GradientSupport::find(parameters_[weight.index].unsafeGetTensorImpl());
    // A weight whose gradient comes from elsewhere has one everywhere.
    if (support == nullptr || support->support().empty()) return {place};
    return moved(support->support(), place.begin);
}

Spans GradientAverage::extend(const std::vector<Spans> &present) {
    const int64_t count = flat_->all().numel() / line;
    const at::Tensor lines = at::zeros({count}, at::TensorOptions().dtype(at::kByte));
    uint8_t *start = lines.mutable_data_ptr<uint8_t>();
    mark(start, agreed_, is_usual);
    for (size_t i = 0; i < weights_.size(); ++i) {
        mark(start, whole_lines(present[i]), is_present);
        mark(start, whole_lines(known_support(weights_[i])), is_usual);
    }
    c10d::AllreduceOptions options;
    options.reduceOp = c10d::ReduceOp::BOR;
    ranks_->all_reduce_now(lines, options, /*bucket=*/-1);
    const Spans rest = ctk::without(marked(start, count, is_present), agreed_);
    const Spans before = std::exchange(agreed_, {});
    agree(marked(start, count, is_usual));
    if (is_shared_ && agreed_ != before) {
        // What no rank has is zero here, and need not take memory.
        const Spans used = ctk::united(agreed_, rest);
        float *values = flat_->all().mutable_data_ptr<float>();
        for (const Span &gap : ctk::complement(used, flat_->all().numel())) {
            ctk::give_back(values + gap.begin, static_cast<size_t>(gap.count()) * sizeof(float));
        }
    }
    return rest;
}

void GradientAverage::reduce(const at::Tensor &all, const Spans &ranges) {
    c10d::AllreduceOptions options;
    // The backend takes one by the number of ranks; what makes it with a factor is named differently between versions.
    if (is_shared_) options.reduceOp.op_ = c10d::ReduceOp::PREMUL_SUM;
    for (const Span &range : ranges) {
        const at::Tensor part =
            range.count() == all.numel() ? all : all.narrow(0, range.begin, range.count());
        if (!is_shared_) {
            float *values = part.mutable_data_ptr<float>();
            const float share = static_cast<float>(1.0 / ranks_->getSize());
            for (int64_t i = 0; i < range.count(); ++i) values[i] *= share;
        }
        ranks_->all_reduce_now(part, options, next_bucket_++, elements_in({range}));
    }
}

void GradientAverage::average() {
    if (!flat_) return;
    const at::NoGradGuard guard;
    // Gradients that the program looks at, or that were added to others, lie elsewhere.
    std::vector<size_t> elsewhere;
    bool is_free = true;
    for (size_t i = 0; i < parameters_.size(); ++i) {
        if (parameters_[i].mutable_grad().is_same(flat_->slot(i))) continue;
        elsewhere.push_back(i);
        is_free = is_free && flat_->is_free(i);
    }
    std::vector<Spans> present;
    bool has_more = false;
    for (const Weight &weight : weights_) {
        present.push_back(this->present(weight));
        has_more = has_more || !ctk::without(present.back(), weight.agreed).empty();
    }

    // What the program still looks at must not change.
    std::unique_ptr<FlatGradients> other;
    if (!is_free) {
        other = std::make_unique<FlatGradients>(
            parameters_, at::zeros({flat_->all().numel()}, flat_->all().options()));
        elsewhere.resize(parameters_.size());
        std::iota(elsewhere.begin(), elsewhere.end(), size_t{0});
    }
    const FlatGradients &flat = other ? *other : *flat_;
    for (const size_t i : elsewhere) {
        const at::Tensor &gradient = parameters_[i].mutable_grad();
        if (gradient.defined()) {
            flat.slot(i).copy_(gradient);
        } else {
            flat.slot(i).zero_();
        }
    }

    next_bucket_ = 0;
    const at::Tensor all = flat.all();
    float &more = all.mutable_data_ptr<float>()[all.numel() - line];
    more = has_more ? 1 : 0;
    Spans reduced = agreed_;
    reduce(all, reduced);
    if (more != 0) {
        const Spans rest = extend(present);
        reduce(all, rest);
        reduced = ctk::united(reduced, rest);
    }

    for (const size_t i : elsewhere) {
        at::Tensor &gradient = parameters_[i].mutable_grad();
        if (gradient.defined()) {
            gradient.copy_(flat.slot(i));
        } else {
            gradient = other ? flat.slot(i).clone() : flat.slot(i);
        }
    }
    if (other) return;
    // Other ranks may have had images of another size.
    for (const Weight &weight : weights_) {
        const auto support = GradientSupport::find(parameters_[weight.index].unsafeGetTensorImpl());
        const Spans *live = support == nullptr ? nullptr : support->live(flat_->slot(weight.index));
        if (live == nullptr) continue;
        const Span &place = flat_->place(weight.index);
        const Spans changed = moved(inside(reduced, place), -place.begin);
        if (!ctk::without(changed, *live).empty()) support->spread(changed);
    }
}

}  // namespace ctorch
