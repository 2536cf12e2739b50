// Views, copies, joins and parts.
#include "Guard.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/chunk.h>
#include <ATen/ops/clone.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/diagonal.h>
#include <ATen/ops/flatten.h>
#include <ATen/ops/flip.h>
#include <ATen/ops/permute.h>
#include <ATen/ops/reshape.h>
#include <ATen/ops/split.h>
#include <ATen/ops/squeeze.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/transpose.h>
#include <ATen/ops/tril.h>
#include <ATen/ops/triu.h>
#include <ATen/ops/unsqueeze.h>

using namespace ctorch;

namespace {
void hand_out(std::vector<at::Tensor> parts, ct_tensor *out, int32_t capacity, int32_t *count) {
    TORCH_CHECK(parts.size() <= static_cast<size_t>(capacity), "room for ", capacity, " parts, but there are ", parts.size());
    *count = static_cast<int32_t>(parts.size());
    for (size_t i = 0; i < parts.size(); ++i) out[i] = released(std::move(parts[i]));
}
}  // namespace

ct_tensor ct_reshape(ct_tensor self, const int64_t *sizes, int32_t count) {
    return guarded([&] { return at::reshape(Borrowed(self), dimensions(sizes, count)); });
}
ct_tensor ct_view(ct_tensor self, const int64_t *sizes, int32_t count) {
    return guarded([&] { return Borrowed(self)->view(dimensions(sizes, count)); });
}
ct_tensor ct_expand(ct_tensor self, const int64_t *sizes, int32_t count) {
    return guarded([&] { return Borrowed(self)->expand(dimensions(sizes, count)); });
}
ct_tensor ct_permute(ct_tensor self, const int64_t *dims, int32_t count) {
    return guarded([&] { return at::permute(Borrowed(self), dimensions(dims, count)); });
}
ct_tensor ct_flip(ct_tensor self, const int64_t *dims, int32_t count) {
    return guarded([&] { return at::flip(Borrowed(self), dimensions(dims, count)); });
}
ct_tensor ct_repeat(ct_tensor self, const int64_t *repeats, int32_t count) {
    return guarded([&] { return Borrowed(self)->repeat(dimensions(repeats, count)); });
}
ct_tensor ct_pad(ct_tensor self, const int64_t *pad, int32_t count, double value) {
    return guarded([&] { return at::constant_pad_nd(Borrowed(self), dimensions(pad, count), value); });
}
ct_tensor ct_transpose(ct_tensor self, int64_t dim0, int64_t dim1) {
    return guarded([&] { return at::transpose(*Borrowed(self), dim0, dim1); });
}
ct_tensor ct_squeeze(ct_tensor self) {
    return guarded([&] { return at::squeeze(*Borrowed(self)); });
}
ct_tensor ct_squeeze_dim(ct_tensor self, int64_t dim) {
    return guarded([&] { return at::squeeze(*Borrowed(self), dim); });
}
ct_tensor ct_unsqueeze(ct_tensor self, int64_t dim) {
    return guarded([&] { return at::unsqueeze(Borrowed(self), dim); });
}
ct_tensor ct_flatten(ct_tensor self, int64_t start, int64_t end) {
    return guarded([&] { return at::flatten(*Borrowed(self), start, end); });
}
ct_tensor ct_contiguous(ct_tensor self) {
    return guarded([&] { return Borrowed(self)->contiguous(); });
}
ct_tensor ct_clone(ct_tensor self) {
    return guarded([&] { return at::clone(Borrowed(self)); });
}
ct_tensor ct_to(ct_tensor self, int8_t number, int8_t device_type, int8_t device_index, bool copy) {
    return guarded([&] {
        const Borrowed tensor(self);
        at::TensorOptions target = tensor->options();
        if (number >= 0) target = target.dtype(static_cast<at::ScalarType>(number));
        if (device_type >= 0) target = target.device(device(device_type, device_index));
        return tensor->to(target, /*non_blocking=*/false, copy);
    });
}
ct_tensor ct_tril(ct_tensor self, int64_t diagonal) {
    return guarded([&] { return at::tril(Borrowed(self), diagonal); });
}
ct_tensor ct_triu(ct_tensor self, int64_t diagonal) {
    return guarded([&] { return at::triu(Borrowed(self), diagonal); });
}
ct_tensor ct_diagonal(ct_tensor self, int64_t offset, int64_t dim0, int64_t dim1) {
    return guarded([&] { return at::diagonal(*Borrowed(self), offset, dim0, dim1); });
}
ct_tensor ct_cat(const ct_tensor *tensors, int32_t count, int64_t dim) {
    return guarded([&] { return at::cat(retained(tensors, count), dim); });
}
ct_tensor ct_stack(const ct_tensor *tensors, int32_t count, int64_t dim) {
    return guarded([&] { return at::stack(retained(tensors, count), dim); });
}
bool ct_split(ct_tensor self, int64_t size, int64_t dim, ct_tensor *out, int32_t capacity, int32_t *count) {
    return attempted([&] { hand_out(at::split(*Borrowed(self), size, dim), out, capacity, count); });
}
bool ct_chunk(ct_tensor self, int64_t chunks, int64_t dim, ct_tensor *out, int32_t capacity, int32_t *count) {
    return attempted([&] { hand_out(at::chunk(Borrowed(self), chunks, dim), out, capacity, count); });
}
