// Parts of a tensor chosen by numbers, ranges, masks and tensors of indices.
#include "Guard.h"

#include <ATen/ops/bincount.h>
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
