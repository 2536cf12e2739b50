// What a tensor is: shape, type, place, bytes.
#include "Guard.h"

#include <ATen/ops/item.h>

using namespace ctorch;

int64_t ct_dim(ct_tensor self) { return implementation(self)->dim(); }
const int64_t *ct_sizes(ct_tensor self) { return implementation(self)->sizes().data(); }
bool ct_strides(ct_tensor self, int64_t *out) {
    return attempted([&] {
        const auto strides = implementation(self)->strides();
        std::copy(strides.begin(), strides.end(), out);
    });
}
int64_t ct_numel(ct_tensor self) { return implementation(self)->numel(); }
int8_t ct_dtype(ct_tensor self) { return static_cast<int8_t>(Borrowed(self)->scalar_type()); }
int8_t ct_device_type(ct_tensor self) { return static_cast<int8_t>(implementation(self)->device().type()); }
int8_t ct_device_index(ct_tensor self) { return implementation(self)->device().index(); }
bool ct_is_contiguous(ct_tensor self) { return implementation(self)->is_contiguous(); }
bool ct_shares_storage(ct_tensor self, ct_tensor other) { return Borrowed(self)->is_alias_of(Borrowed(other)); }
bool ct_data(ct_tensor self, void **out) {
    return attempted([&] { *out = Borrowed(self)->mutable_data_ptr(); });
}

bool ct_item(ct_tensor self, ct_scalar *out) {
    return attempted([&] {
        const Borrowed tensor(self);
        // On the CPU the number lies there; LibTorch's operation takes ten times as long as reading it.
        if (tensor->is_cpu() && tensor->numel() == 1 && tensor->layout() == at::kStrided && !tensor->is_neg()) {
            switch (tensor->scalar_type()) {
                case at::kFloat: *out = ct_scalar{*tensor->const_data_ptr<float>(), 0, 0}; return;
                case at::kDouble: *out = ct_scalar{*tensor->const_data_ptr<double>(), 0, 0}; return;
                default: break;
            }
        }
        const at::Scalar value = tensor->item();
        if (value.isBoolean()) {
            *out = ct_scalar{value.toBool() ? 1.0 : 0.0, value.toBool() ? 1 : 0, 2};
        } else if (value.isIntegral(false)) {
            *out = ct_scalar{static_cast<double>(value.toLong()), value.toLong(), 1};
        } else {
            *out = ct_scalar{value.toDouble(), 0, 0};
        }
    });
}
