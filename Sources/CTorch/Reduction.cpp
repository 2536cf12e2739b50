// Sums, means, extremes, sorting, comparison of whole tensors.
#include "Guard.h"

#include <ATen/ops/all.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/amin.h>
#include <ATen/ops/any.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/argmin.h>
#include <ATen/ops/cumsum.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/max.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/min.h>
#include <ATen/ops/prod.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/std.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/topk.h>
#include <ATen/ops/var.h>

#include <tuple>

using namespace ctorch;

namespace {
/// Hands out both tensors of a (values, indices) pair.
template <class Body>
bool paired(ct_tensor *values, ct_tensor *indices, Body &&body) noexcept {
    return attempted([&] {
        auto [first, second] = body();
        *values = released(std::move(first));
        *indices = released(std::move(second));
    });
}
std::optional<int64_t> optional_dimension(const int64_t *dim) {
    return dim == nullptr ? std::nullopt : std::optional<int64_t>(*dim);
}
}  // namespace

ct_tensor ct_sum(ct_tensor self, const int64_t *dims, int32_t count, bool keepdim, int8_t number) {
    return guarded([&] { return at::sum(*Borrowed(self), reduced(dims, count), keepdim, dtype(number)); });
}
ct_tensor ct_mean(ct_tensor self, const int64_t *dims, int32_t count, bool keepdim, int8_t number) {
    return guarded([&] { return at::mean(*Borrowed(self), reduced(dims, count), keepdim, dtype(number)); });
}
ct_tensor ct_var(ct_tensor self, const int64_t *dims, int32_t count, double correction, bool keepdim) {
    return guarded([&] { return at::var(*Borrowed(self), reduced(dims, count), at::Scalar(correction), keepdim); });
}
ct_tensor ct_std(ct_tensor self, const int64_t *dims, int32_t count, double correction, bool keepdim) {
    return guarded([&] { return at::std(*Borrowed(self), reduced(dims, count), at::Scalar(correction), keepdim); });
}
ct_tensor ct_amax(ct_tensor self, const int64_t *dims, int32_t count, bool keepdim) {
    return guarded([&] { return at::amax(Borrowed(self), dimensions(dims, count), keepdim); });
}
ct_tensor ct_amin(ct_tensor self, const int64_t *dims, int32_t count, bool keepdim) {
    return guarded([&] { return at::amin(Borrowed(self), dimensions(dims, count), keepdim); });
}
ct_tensor ct_norm(ct_tensor self, double p, const int64_t *dims, int32_t count, bool keepdim) {
    return guarded([&] { return at::linalg_vector_norm(Borrowed(self), p, reduced(dims, count), keepdim); });
}
ct_tensor ct_logsumexp(ct_tensor self, const int64_t *dims, int32_t count, bool keepdim) {
    return guarded([&] { return at::logsumexp(*Borrowed(self), dimensions(dims, count), keepdim); });
}
ct_tensor ct_prod(ct_tensor self) {
    return guarded([&] { return at::prod(*Borrowed(self)); });
}
ct_tensor ct_prod_dim(ct_tensor self, int64_t dim, bool keepdim) {
    return guarded([&] { return at::prod(*Borrowed(self), dim, keepdim); });
}
ct_tensor ct_all(ct_tensor self) {
    return guarded([&] { return at::all(*Borrowed(self)); });
}
ct_tensor ct_any(ct_tensor self) {
    return guarded([&] { return at::any(*Borrowed(self)); });
}
ct_tensor ct_all_dim(ct_tensor self, int64_t dim, bool keepdim) {
    return guarded([&] { return at::all(*Borrowed(self), dim, keepdim); });
}
ct_tensor ct_any_dim(ct_tensor self, int64_t dim, bool keepdim) {
    return guarded([&] { return at::any(*Borrowed(self), dim, keepdim); });
}
ct_tensor ct_argmax(ct_tensor self, const int64_t *dim, bool keepdim) {
    return guarded([&] { return at::argmax(Borrowed(self), optional_dimension(dim), keepdim); });
}
ct_tensor ct_argmin(ct_tensor self, const int64_t *dim, bool keepdim) {
    return guarded([&] { return at::argmin(Borrowed(self), optional_dimension(dim), keepdim); });
}
ct_tensor ct_cumsum(ct_tensor self, int64_t dim) {
    return guarded([&] { return at::cumsum(*Borrowed(self), dim); });
}
ct_tensor ct_softmax(ct_tensor self, int64_t dim, int8_t number) {
    return guarded([&] { return at::softmax(*Borrowed(self), dim, dtype(number)); });
}
ct_tensor ct_log_softmax(ct_tensor self, int64_t dim, int8_t number) {
    return guarded([&] { return at::log_softmax(*Borrowed(self), dim, dtype(number)); });
}
bool ct_max_dim(ct_tensor self, int64_t dim, bool keepdim, ct_tensor *values, ct_tensor *indices) {
    return paired(values, indices, [&] { return at::max(*Borrowed(self), dim, keepdim); });
}
bool ct_min_dim(ct_tensor self, int64_t dim, bool keepdim, ct_tensor *values, ct_tensor *indices) {
    return paired(values, indices, [&] { return at::min(*Borrowed(self), dim, keepdim); });
}
bool ct_topk(ct_tensor self, int64_t k, int64_t dim, bool largest, ct_tensor *values, ct_tensor *indices) {
    return paired(values, indices, [&] { return at::topk(Borrowed(self), k, dim, largest); });
}
bool ct_sort(ct_tensor self, int64_t dim, bool descending, ct_tensor *values, ct_tensor *indices) {
    return paired(values, indices, [&] { return at::sort(*Borrowed(self), /*stable=*/true, dim, descending); });
}
bool ct_equal(ct_tensor self, ct_tensor other, bool *out) {
    return attempted([&] { *out = at::equal(Borrowed(self), Borrowed(other)); });
}
bool ct_allclose(ct_tensor self, ct_tensor other, double rtol, double atol, bool equal_nan, bool *out) {
    return attempted([&] { *out = at::allclose(Borrowed(self), Borrowed(other), rtol, atol, equal_nan); });
}
