#include "Gradients.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/zeros.h>

namespace ctk::direct {
namespace {
constexpr int64_t line = 64 / sizeof(float);
int64_t padded(int64_t count) { return (count + line - 1) / line * line; }
}  // namespace

int64_t FlatGradients::elements(const std::vector<at::Tensor> &parameters) {
    int64_t total = 0;
    for (const at::Tensor &parameter : parameters) total += padded(parameter.numel());
    return total;
}

FlatGradients::FlatGradients(const std::vector<at::Tensor> &parameters, at::Tensor memory)
    : all_(memory.defined() ? std::move(memory)
                            : at::zeros({elements(parameters)}, at::TensorOptions().dtype(at::kFloat))) {
    // Without what autograd keeps of views.
    const at::AutoDispatchBelowADInplaceOrView guard;
    int64_t offset = 0;
    for (const at::Tensor &parameter : parameters) {
        slots_.push_back(all_.narrow(0, offset, parameter.numel()).view(parameter.sizes()));
        offset += padded(parameter.numel());
        element_count_ += parameter.numel();
    }
    references_ = all_.storage().use_count();
}

bool FlatGradients::is_free(size_t index) const {
    return slots_[index].use_count() == 1 && all_.storage().use_count() <= references_;
}

}  // namespace ctk::direct
