#include "Gradients.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>

namespace ctk::direct {
namespace {

int64_t padded(int64_t count) {
    constexpr int64_t line = FlatGradients::line;
    return (count + line - 1) / line * line;
}

/// A tensor over floats of `memory`, with a storage of its own: whether anybody refers to it shows.
at::Tensor piece(const at::Tensor &memory, int64_t offset, const at::Tensor &parameter) {
    float *start = memory.mutable_data_ptr<float>() + offset;
    const auto keep = [memory](void *) {};
    const auto options = at::TensorOptions().dtype(at::kFloat);
    return parameter.is_non_overlapping_and_dense()
               ? at::from_blob(start, parameter.sizes(), parameter.strides(), keep, options)
               : at::from_blob(start, parameter.sizes(), keep, options);
}

}  // namespace

int64_t FlatGradients::elements(const std::vector<at::Tensor> &parameters) {
    int64_t total = 0;
    for (const at::Tensor &parameter : parameters) total += padded(parameter.numel());
    return total;
}

FlatGradients::FlatGradients(std::vector<at::Tensor> parameters, at::Tensor memory)
    : parameters_(std::move(parameters)),
      all_(memory.defined() ? std::move(memory)
                            : at::zeros({elements(parameters_)}, at::TensorOptions().dtype(at::kFloat))) {
    int64_t offset = 0;
    for (const at::Tensor &parameter : parameters_) {
        slots_.push_back(piece(all_, offset, parameter));
        references_.push_back(1);
        places_.push_back({offset, offset + parameter.numel()});
        offset += padded(parameter.numel());
    }
}

FlatGradients::~FlatGradients() {
    for (size_t i = 0; i < parameters_.size(); ++i) {
        if (references_[i] == 1) continue;
        const auto support = GradientSupport::find(parameters_[i].unsafeGetTensorImpl());
        if (support != nullptr) support->take_back(slots_[i]);
    }
}

bool FlatGradients::is_free(size_t index) const {
    return slots_[index].use_count() <= references_[index] && slots_[index].storage().use_count() == 1;
}

void FlatGradients::lend_to_convolutions() {
    for (size_t i = 0; i < parameters_.size(); ++i) {
        if (parameters_[i].dim() != 4) continue;
        GradientSupport::of(parameters_[i])->lend(slots_[i]);
        references_[i] = 2;
    }
}

void FlatGradients::take_in(size_t index) const {
    at::Tensor &gradient = parameters_[index].mutable_grad();
    const at::Tensor &slot = slots_[index];
    if (!gradient.defined() || gradient.is_same(slot) || gradient.use_count() > 1 || gradient.requires_grad()) return;
    if (gradient.layout() != at::kStrided || gradient.sizes() != slot.sizes()) return;
    if (gradient.const_data_ptr() == slot.const_data_ptr() && gradient.strides() == slot.strides()) {
        gradient = slot;
    } else if (is_free(index)) {
        const at::NoGradGuard guard;
        slot.copy_(gradient);
        gradient = slot;
    }
}

}  // namespace ctk::direct
