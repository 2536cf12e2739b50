#include "GradientSupport.h"

#include "../Memory/ZeroMemory.h"

#include <cstring>
#include <mutex>
#include <unordered_map>

namespace ctk {

int64_t count(const Spans &spans) {
    int64_t sum = 0;
    for (const Span &span : spans) sum += span.count();
    return sum;
}

Spans united(const Spans &first, const Spans &second) {
    Spans all = first;
    all.insert(all.end(), second.begin(), second.end());
    std::sort(all.begin(), all.end(), [](const Span &a, const Span &b) { return a.begin < b.begin; });
    Spans result;
    for (const Span &span : all) {
        if (span.is_empty()) continue;
        if (!result.empty() && span.begin <= result.back().end) {
            result.back().end = std::max(result.back().end, span.end);
        } else {
            result.push_back(span);
        }
    }
    return result;
}

Spans complement(const Spans &spans, int64_t whole) {
    Spans result;
    int64_t position = 0;
    for (const Span &span : spans) {
        if (span.begin > position) result.push_back({position, span.begin});
        position = span.end;
    }
    if (position < whole) result.push_back({position, whole});
    return result;
}

Spans without(const Spans &first, const Spans &second) {
    Spans result;
    auto next = second.begin();
    for (Span rest : first) {
        while (next != second.end() && next->end <= rest.begin) ++next;
        for (auto other = next; other != second.end() && other->begin < rest.end; ++other) {
            if (other->begin > rest.begin) result.push_back({rest.begin, other->begin});
            rest.begin = std::max(rest.begin, other->end);
        }
        if (!rest.is_empty()) result.push_back(rest);
    }
    return result;
}

Spans live_elements(const ConvolutionShape &shape) {
    Spans spans;
    const int64_t size = shape.inputs * shape.outputs;
    for (int64_t tap = 0; tap < shape.taps(); ++tap) {
        if (shape.height.positions(tap / shape.width.kernel).is_empty()) continue;
        if (shape.width.positions(tap % shape.width.kernel).is_empty()) continue;
        spans.push_back({tap * size, (tap + 1) * size});
    }
    return united(spans, {});
}

namespace {

void fill_with_zeros(const at::Tensor &tensor, const Spans &spans) {
    auto *start = static_cast<std::byte *>(tensor.mutable_data_ptr());
    const auto size = static_cast<int64_t>(tensor.element_size());
    for (const Span &span : spans) std::memset(start + span.begin * size, 0, span.count() * size);
}

uint32_t version(const at::Tensor &tensor) {
    return tensor.unsafeGetTensorImpl()->version_counter().current_version();
}

/// Another tensor of the same memory, whose changes in place are counted together.
at::Tensor alias(const at::Tensor &tensor) {
    const auto *implementation = tensor.unsafeGetTensorImpl();
    return at::Tensor(implementation->shallow_copy_and_detach(implementation->version_counter(), true));
}

struct Entries {
    std::mutex mutex;
    std::unordered_map<const at::TensorImpl *, std::shared_ptr<GradientSupport>> found;
    size_t next_sweep = 64;
};

Entries &entries() {
    static Entries &shared = *new Entries;  // tensors may outlive what is destroyed at the end of a process
    return shared;
}

}  // namespace

GradientSupport::GradientSupport(const at::Tensor &weight) : weight_(weight.getIntrusivePtr()) {}

std::shared_ptr<GradientSupport> GradientSupport::of(const at::Tensor &weight) {
    Entries &all = entries();
    const std::lock_guard lock(all.mutex);
    auto &entry = all.found[weight.unsafeGetTensorImpl()];
    // Another tensor may have had this address before.
    if (entry == nullptr || entry->weight_.expired()) {
        entry = std::make_shared<GradientSupport>(weight);
        auto result = entry;
        if (all.found.size() > all.next_sweep) {
            std::erase_if(all.found, [](const auto &item) { return item.second->weight_.expired(); });
            all.next_sweep = 2 * all.found.size() + 64;
        }
        return result;
    }
    return entry;
}

std::shared_ptr<GradientSupport> GradientSupport::find(const at::TensorImpl *weight) {
    Entries &all = entries();
    const std::lock_guard lock(all.mutex);
    const auto place = all.found.find(weight);
    return place == all.found.end() || place->second->weight_.expired() ? nullptr : place->second;
}

bool GradientSupport::is_usable(const at::Tensor &weight) const {
    return memory_.defined() && memory_.scalar_type() == weight.scalar_type() && memory_.device() == weight.device() &&
           memory_.sizes() == weight.sizes() && memory_.strides() == weight.strides();
}

bool GradientSupport::is_free() const {
    switch (origin_) {
        case Origin::own: return memory_.storage().use_count() == 1;
        case Origin::assigned: return true;
        case Origin::lent: return memory_.use_count() <= lenders_ && memory_.storage().use_count() == 1;
    }
    return false;
}

at::Tensor GradientSupport::memory(const at::Tensor &weight, const ConvolutionShape &shape) {
    if (!(shape_ == shape) || of_shape_.empty()) {
        shape_ = shape;
        of_shape_ = live_elements(shape);
        support_ = united(support_, of_shape_);
    }
    const at::Tensor &present = weight.mutable_grad();
    // A gradient that this one will be added to may lie in the memory.
    if (present.defined() && (!memory_.defined() || present.is_alias_of(memory_))) return lazy_zeros(weight.detach());
    if (!is_usable(weight) || !is_free()) {
        // What is lent is free again when the program has let go of an older gradient.
        if (origin_ == Origin::lent) return lazy_zeros(weight.detach());
        memory_ = lazy_zeros(weight.detach());
        origin_ = Origin::own;
    } else if (version(memory_) != version_) {
        fill_with_zeros(memory_, complement(of_shape_, weight.numel()));
    } else {
        fill_with_zeros(memory_, without(live_, of_shape_));
    }
    live_ = of_shape_;
    version_ = version(memory_);
    return alias(memory_);
}

const Spans *GradientSupport::live(const at::Tensor &gradient) const {
    if (!memory_.defined() || gradient.unsafeGetTensorImpl() == nullptr) return nullptr;
    const bool is_written = gradient.const_data_ptr() == memory_.const_data_ptr() &&
                            version(gradient) == version_ && version(memory_) == version_;
    return is_written ? &live_ : nullptr;
}

void GradientSupport::keep() { version_ = version(memory_); }

void GradientSupport::assign(at::Tensor memory) {
    memory_ = std::move(memory);
    origin_ = memory_.defined() ? Origin::assigned : Origin::own;
    live_.clear();
    // Whatever the memory holds is not known.
    if (memory_.defined()) version_ = version(memory_) - 1;
}

void GradientSupport::lend(at::Tensor memory) {
    memory_ = std::move(memory);
    origin_ = Origin::lent;
    lenders_ = memory_.use_count();
    live_.clear();
    version_ = version(memory_);
}

void GradientSupport::take_back(const at::Tensor &memory) {
    if (!memory_.is_same(memory)) return;
    memory_.reset();
    origin_ = Origin::own;
    live_.clear();
}

}  // namespace ctk
