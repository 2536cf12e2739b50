// New tensors: from sizes, from ranges, from memory.
#include "Guard.h"

#include <Memory/ZeroMemory.h>

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/one_hot.h>

#include <cstring>

using namespace ctorch;

ct_tensor ct_empty(const int64_t *sizes, int32_t count, ct_options given) {
    return guarded([&] { return at::empty(dimensions(sizes, count), options(given)); });
}
ct_tensor ct_full(const int64_t *sizes, int32_t count, ct_scalar value, ct_options given) {
    return guarded([&] { return at::full(dimensions(sizes, count), scalar(value), options(given)); });
}
ct_tensor ct_arange(ct_scalar start, ct_scalar end, ct_scalar step, ct_options given) {
    return guarded([&] { return at::arange(scalar(start), scalar(end), scalar(step), options(given)); });
}
ct_tensor ct_linspace(double start, double end, int64_t steps, ct_options given) {
    return guarded([&] { return at::linspace(start, end, steps, options(given)); });
}
ct_tensor ct_eye(int64_t rows, int64_t columns, ct_options given) {
    return guarded([&] { return at::eye(rows, columns, options(given)); });
}
ct_tensor ct_full_like(ct_tensor self, ct_scalar value) {
    return guarded([&] { return at::full_like(Borrowed(self), scalar(value)); });
}
ct_tensor ct_zeros_like(ct_tensor self) {
    return guarded([&] { return ctk::lazy_zeros(Borrowed(self)->detach()); });
}
ct_tensor ct_empty_like(ct_tensor self) {
    return guarded([&] { return at::empty_like(Borrowed(self)); });
}
ct_tensor ct_from_bytes(const void *bytes, const int64_t *sizes, int32_t count, int8_t number) {
    return guarded([&] {
        at::Tensor tensor = at::empty(dimensions(sizes, count), static_cast<at::ScalarType>(number));
        if (tensor.nbytes() > 0) std::memcpy(tensor.mutable_data_ptr(), bytes, tensor.nbytes());
        return tensor;
    });
}
ct_tensor ct_from_blob(
    void *bytes, const int64_t *sizes, int32_t count, int8_t number, void *context, void (*free)(void *context)) {
    return guarded([&] {
        return at::from_blob(
            bytes, dimensions(sizes, count), [context, free](void *) { free(context); },
            at::TensorOptions().dtype(static_cast<at::ScalarType>(number)));
    });
}
ct_tensor ct_one_hot(ct_tensor self, int64_t classes) {
    return guarded([&] { return at::one_hot(Borrowed(self), classes); });
}
