// Parts of a tensor chosen by numbers, ranges, masks and tensors of indices.
#include "Guard.h"

#include <ATen/EmptyTensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/bincount.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/index.h>
#include <ATen/ops/index_put.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/masked_fill.h>
#include <ATen/ops/masked_select.h>
#include <ATen/ops/narrow.h>
#include <ATen/ops/nonzero.h>
#include <ATen/ops/scatter.h>
#include <ATen/ops/select.h>
#include <ATen/ops/slice.h>

#include <algorithm>
#include <cstring>

using namespace ctorch;

namespace {
c10::List<std::optional<at::Tensor>> index_list(const ct_tensor *indices, int32_t count) {
    c10::List<std::optional<at::Tensor>> list;
    for (int32_t i = 0; i < count; ++i) list.push_back(optional(indices[i]));
    return list;
}
}  // namespace

ct_tensor ct_select(ct_tensor self, int64_t dim, int64_t index) {
    return guarded([&] { return at::select(*Borrowed(self), dim, index); });
}
ct_tensor ct_slice(ct_tensor self, int64_t dim, int64_t start, int64_t end, int64_t step) {
    return guarded([&] { return at::slice(Borrowed(self), dim, start, end, step); });
}
ct_tensor ct_narrow(ct_tensor self, int64_t dim, int64_t start, int64_t length) {
    return guarded([&] { return at::narrow(*Borrowed(self), dim, start, length); });
}
ct_tensor ct_index_select(ct_tensor self, int64_t dim, ct_tensor index) {
    return guarded([&] { return at::index_select(*Borrowed(self), dim, Borrowed(index)); });
}
ct_tensor ct_rows(ct_tensor self, const int64_t *rows, int32_t count) {
    return guarded([&]() -> at::Tensor {
        const Borrowed source(self);
        TORCH_CHECK(source->dim() > 0, "a tensor without dimensions has no rows");
        const int64_t available = source->size(0);
        for (int32_t i = 0; i < count; ++i) {
            TORCH_CHECK_INDEX(
                rows[i] >= 0 && rows[i] < available, "row ", rows[i], " was asked for, but there are ", available);
        }
        const bool is_plain = source->is_cpu() && source->is_contiguous() && !source->is_conj() && !source->is_neg() &&
            !(source->requires_grad() && at::GradMode::is_enabled());
        if (!is_plain) {
            const at::Tensor indices = at::empty({count}, at::kLong);
            std::copy_n(rows, count, indices.mutable_data_ptr<int64_t>());
            return at::index_select(*source, 0, indices.to(source->device()));
        }
        // For a few short rows the way to LibTorch's kernel is longer than the work.
        c10::SmallVector<int64_t, 5> sizes(source->sizes().begin(), source->sizes().end());
        sizes[0] = count;
        at::Tensor chosen = at::detail::empty_cpu(sizes, source->scalar_type());
        const size_t bytes = available == 0 ? 0 : source->nbytes() / static_cast<size_t>(available);
        const auto *from = static_cast<const char *>(source->const_data_ptr());
        auto *to = static_cast<char *>(chosen.mutable_data_ptr());
        for (int32_t i = 0; i < count; ++i) {
            std::memcpy(to + static_cast<size_t>(i) * bytes, from + static_cast<size_t>(rows[i]) * bytes, bytes);
        }
        return chosen;
    });
}
ct_tensor ct_gather(ct_tensor self, int64_t dim, ct_tensor index) {
    return guarded([&] { return at::gather(*Borrowed(self), dim, Borrowed(index)); });
}
ct_tensor ct_scatter(ct_tensor self, int64_t dim, ct_tensor index, ct_tensor source) {
    return guarded([&] { return at::scatter(*Borrowed(self), dim, *Borrowed(index), *Borrowed(source)); });
}
ct_tensor ct_index(ct_tensor self, const ct_tensor *indices, int32_t count) {
    return guarded([&] { return at::index(Borrowed(self), index_list(indices, count)); });
}
bool ct_index_put_(ct_tensor self, const ct_tensor *indices, int32_t count, ct_tensor values) {
    return attempted([&] {
        Borrowed target(self);
        at::Tensor view = *target;
        at::index_put_(view, index_list(indices, count), Borrowed(values));
    });
}
ct_tensor ct_masked_select(ct_tensor self, ct_tensor mask) {
    return guarded([&] { return at::masked_select(Borrowed(self), Borrowed(mask)); });
}
ct_tensor ct_masked_fill(ct_tensor self, ct_tensor mask, ct_scalar value) {
    return guarded([&] { return at::masked_fill(*Borrowed(self), *Borrowed(mask), scalar(value)); });
}
ct_tensor ct_nonzero(ct_tensor self) {
    return guarded([&] { return at::nonzero(Borrowed(self)); });
}
ct_tensor ct_bincount(ct_tensor self, int64_t minlength) {
    return guarded([&] { return at::bincount(Borrowed(self), {}, minlength); });
}
