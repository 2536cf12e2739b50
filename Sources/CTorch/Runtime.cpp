// Errors, the calling modules, threads, and the life of handles.
#include "Guard.h"

#include <InstructionSets/Kernels.h>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/util/Exception.h>

#include <array>
#include <atomic>
#include <new>
#include <string>

namespace {
thread_local std::string error_message;
thread_local int32_t error_kind = CT_ERROR_OTHER;
std::atomic<int64_t> live_handles{0};

void record(int32_t kind, const char *message) noexcept {
    error_kind = kind;
    try {
        error_message = message;
    } catch (...) {
        error_message.clear();  // no memory even for the message
    }
}

constexpr int32_t scope_capacity = 64;
struct Scopes {
    std::array<void *, scope_capacity> modules;
    int32_t depth = 0;
};
thread_local Scopes scopes;
}  // namespace

namespace ctorch {
void record_exception() noexcept {
    try {
        throw;
    } catch (const c10::OutOfMemoryError &error) {
        record(CT_ERROR_OUT_OF_MEMORY, error.what_without_backtrace());
    } catch (const c10::IndexError &error) {
        record(CT_ERROR_INDEX, error.what_without_backtrace());
    } catch (const c10::TypeError &error) {
        record(CT_ERROR_TYPE, error.what_without_backtrace());
    } catch (const c10::ValueError &error) {
        record(CT_ERROR_VALUE, error.what_without_backtrace());
    } catch (const c10::NotImplementedError &error) {
        record(CT_ERROR_NOT_IMPLEMENTED, error.what_without_backtrace());
    } catch (const c10::DistError &error) {
        record(CT_ERROR_DISTRIBUTED, error.what_without_backtrace());
    } catch (const c10::Error &error) {
        const char *message = error.what_without_backtrace();
        // The CPU allocator reports exhaustion as a plain error.
        const bool memory = std::string_view(message).find("not enough memory") != std::string_view::npos;
        record(memory ? CT_ERROR_OUT_OF_MEMORY : CT_ERROR_OTHER, message);
    } catch (const std::bad_alloc &error) {
        record(CT_ERROR_OUT_OF_MEMORY, error.what());
    } catch (const std::exception &error) {
        record(CT_ERROR_OTHER, error.what());
    } catch (...) {
        record(CT_ERROR_OTHER, "LibTorch threw an exception of an unknown type");
    }
}

void count_handles(int64_t difference) noexcept { live_handles.fetch_add(difference, std::memory_order_relaxed); }
}  // namespace ctorch

const char *ct_error_message(void) { return error_message.c_str(); }
int32_t ct_error_kind(void) { return error_kind; }

void ct_scope_enter(void *module) {
    if (scopes.depth < scope_capacity) scopes.modules[scopes.depth] = module;
    ++scopes.depth;
}
void ct_scope_leave(void) { --scopes.depth; }
int32_t ct_scope_depth(void) { return scopes.depth < scope_capacity ? scopes.depth : scope_capacity; }
void *ct_scope_at(int32_t index) { return index >= 0 && index < ct_scope_depth() ? scopes.modules[index] : nullptr; }

const char *ct_version(void) { return TORCH_VERSION; }
bool ct_set_num_threads(int32_t count) {
    return ctorch::attempted([&] { at::set_num_threads(count); });
}
int32_t ct_get_num_threads(void) { return at::get_num_threads(); }
int32_t ct_cuda_device_count(void) {
    try {
        return at::hasCUDA() ? static_cast<int32_t>(at::detail::getCUDAHooks().deviceCount()) : 0;
    } catch (...) {
        ctorch::record_exception();
        return 0;
    }
}

const char *ct_instruction_set(void) { return ctk::kernels() == nullptr ? "none" : ctk::kernels()->name; }
bool ct_select_instruction_set(const char *name) {
    bool found = false;
    return ctorch::attempted([&] { found = ctk::select_kernels(name); }) && found;
}

int64_t ct_live_tensors(void) { return live_handles.load(std::memory_order_relaxed); }

void ct_tensor_release(ct_tensor self) {
    ctorch::count_handles(-1);
    c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>::reclaim(ctorch::implementation(self)).reset();
}
ct_tensor ct_tensor_retain(ct_tensor self) { return ctorch::released(ctorch::retained(self)); }
