#include "Kernels.h"

#include <cstring>

namespace ctk {
namespace {

/// What was selected on this thread.
struct Selection {
    bool is_made = false;
    const Kernels *kernels = nullptr;
};
thread_local Selection selection;
thread_local int pauses = 0;

const Kernels *widest() {
    static const Kernels *const found = [] {
        const auto all = available_kernels();
        return all.empty() ? nullptr : all.front();
    }();
    return found;
}

}  // namespace

std::vector<const Kernels *> available_kernels() {
    std::vector<const Kernels *> found;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")) {
            found.push_back(&avx512_kernels);
        }
        found.push_back(&avx2_kernels);
    }
#elif defined(__aarch64__)
    found.push_back(&neon_kernels);
#endif
    return found;
}

const Kernels *kernels() {
    if (pauses > 0) return nullptr;
    return selection.is_made ? selection.kernels : widest();
}

void pause_kernels(bool is_paused) { pauses += is_paused ? 1 : -1; }

const Kernels &recorded_kernels() {
    const Kernels *const selected = kernels();
    return selected != nullptr ? *selected : *widest();
}

bool select_kernels(const char *name) {
    if (name == nullptr) {
        selection = {};
        return true;
    }
    if (std::strcmp(name, "none") == 0) {
        selection = {true, nullptr};
        return true;
    }
    for (const Kernels *one : available_kernels()) {
        if (std::strcmp(one->name, name) != 0) continue;
        selection = {true, one};
        return true;
    }
    return false;
}

}  // namespace ctk
