// What every file of the shim begins with: the check that LibTorch is there, the guard that turns each C++
// exception into a status and a message, and the passage between handles and tensors.
#pragma once

#if !__has_include(<ATen/core/Tensor.h>)
#error "LibTorch was not found. Run `make setup` in the Lockstep package (it fetches LibTorch and links it at ~/.cache/lockstep/libtorch), or set LIBTORCH to a folder that has LibTorch's include/ and lib/."
#endif

#include "CTorch.h"

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <c10/core/Scalar.h>
#include <c10/core/TensorOptions.h>
#include <c10/util/ArrayRef.h>
#include <torch/headeronly/version.h>

#include <optional>
#include <utility>
#include <vector>

#if TORCH_VERSION_MAJOR != 2 || TORCH_VERSION_MINOR < 11 || TORCH_VERSION_MINOR > 13
#error "Lockstep supports LibTorch 2.11 to 2.13. Run `make setup` to fetch a supported one, or point LIBTORCH at one."
#endif

namespace ctorch {

/// Records the exception that is being handled as this thread's last error.
void record_exception() noexcept;
void count_handles(int64_t difference) noexcept;

/// A tensor for the length of a call, without touching its reference count.
class Borrowed {
  public:
    Borrowed(ct_tensor handle)
        : tensor_(c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>::reclaim(
              reinterpret_cast<at::TensorImpl *>(handle))) {}
    ~Borrowed() { tensor_.unsafeReleaseTensorImpl(); }
    Borrowed(const Borrowed &) = delete;
    Borrowed &operator=(const Borrowed &) = delete;

    operator const at::Tensor &() const { return tensor_; }
    const at::Tensor &operator*() const { return tensor_; }
    const at::Tensor *operator->() const { return &tensor_; }

  private:
    at::Tensor tensor_;
};

inline at::TensorImpl *implementation(ct_tensor handle) { return reinterpret_cast<at::TensorImpl *>(handle); }

/// A tensor that counts as a reference of its own.
inline at::Tensor retained(ct_tensor handle) {
    return at::Tensor(
        c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>::unsafe_reclaim_from_nonowning(implementation(handle)));
}

inline std::optional<at::Tensor> optional(ct_tensor handle) {
    return handle == nullptr ? std::nullopt : std::optional<at::Tensor>(retained(handle));
}

inline std::vector<at::Tensor> retained(const ct_tensor *handles, int32_t count) {
    std::vector<at::Tensor> tensors;
    tensors.reserve(count);
    for (int32_t i = 0; i < count; ++i) tensors.push_back(retained(handles[i]));
    return tensors;
}

inline ct_tensor released(at::Tensor tensor) {
    TORCH_CHECK(tensor.defined(), "LibTorch returned no tensor");
    count_handles(1);
    return reinterpret_cast<ct_tensor>(tensor.unsafeReleaseTensorImpl());
}

/// Runs `body`, which returns a tensor; NULL when it threw.
template <class Body>
ct_tensor guarded(Body &&body) noexcept {
    try {
        return released(body());
    } catch (...) {
        record_exception();
        return nullptr;
    }
}

/// Runs `body` for its effect; false when it threw.
template <class Body>
bool attempted(Body &&body) noexcept {
    try {
        body();
        return true;
    } catch (...) {
        record_exception();
        return false;
    }
}

/// Height and width.
inline at::IntArrayRef pair(const int64_t *values) { return at::IntArrayRef(values, 2); }

inline at::IntArrayRef dimensions(const int64_t *values, int32_t count) {
    return at::IntArrayRef(values, static_cast<size_t>(count));
}

/// Dimensions to reduce over; none given means all.
inline at::OptionalIntArrayRef reduced(const int64_t *values, int32_t count) {
    return count == 0 ? at::OptionalIntArrayRef(std::nullopt) : at::OptionalIntArrayRef(dimensions(values, count));
}

inline std::optional<at::ScalarType> dtype(int8_t number) {
    return number < 0 ? std::nullopt : std::optional<at::ScalarType>(static_cast<at::ScalarType>(number));
}

inline at::Device device(int8_t type, int8_t index) {
    return at::Device(type == 1 ? at::DeviceType::CUDA : at::DeviceType::CPU, type == 1 ? index : -1);
}

inline at::TensorOptions options(ct_options given) {
    return at::TensorOptions()
        .dtype(static_cast<at::ScalarType>(given.dtype))
        .device(device(given.device_type, given.device_index));
}

inline at::Scalar scalar(ct_scalar value) {
    switch (value.kind) {
        case 1: return at::Scalar(value.integer);
        case 2: return at::Scalar(value.integer != 0);
        default: return at::Scalar(value.real);
    }
}

inline std::optional<at::Scalar> scalar(const ct_scalar *value) {
    return value == nullptr ? std::nullopt : std::optional<at::Scalar>(scalar(*value));
}

std::optional<at::Generator> generator(ct_generator handle);

}  // namespace ctorch
