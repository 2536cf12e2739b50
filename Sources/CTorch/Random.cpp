// Generators and draws: PyTorch's streams for the same seed.
#include "Guard.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/ops/bernoulli.h>
#include <ATen/ops/multinomial.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/randperm.h>

#include <mutex>

using namespace ctorch;

namespace {
ct_generator handed_out(const at::Generator &value) {
    return reinterpret_cast<ct_generator>(new at::Generator(value));
}
at::Generator &value(ct_generator handle) { return *reinterpret_cast<at::Generator *>(handle); }
}  // namespace

std::optional<at::Generator> ctorch::generator(ct_generator handle) {
    return handle == nullptr ? std::nullopt : std::optional<at::Generator>(value(handle));
}

ct_generator ct_generator_new(uint64_t seed) {
    try {
        return handed_out(at::make_generator<at::CPUGeneratorImpl>(seed));
    } catch (...) {
        record_exception();
        return nullptr;
    }
}
ct_generator ct_generator_default(void) {
    try {
        return handed_out(at::detail::getDefaultCPUGenerator());
    } catch (...) {
        record_exception();
        return nullptr;
    }
}
void ct_generator_release(ct_generator self) { delete &value(self); }
bool ct_generator_set_seed(ct_generator self, uint64_t seed) {
    return attempted([&] {
        const std::lock_guard<std::mutex> lock(value(self).mutex());
        value(self).set_current_seed(seed);
    });
}
uint64_t ct_generator_seed(ct_generator self) { return value(self).current_seed(); }
ct_tensor ct_generator_state(ct_generator self) {
    return guarded([&] {
        const std::lock_guard<std::mutex> lock(value(self).mutex());
        return value(self).get_state();
    });
}
bool ct_generator_set_state(ct_generator self, ct_tensor state) {
    return attempted([&] {
        const std::lock_guard<std::mutex> lock(value(self).mutex());
        value(self).set_state(Borrowed(state));
    });
}
bool ct_manual_seed(uint64_t seed) {
    return attempted([&] { at::manual_seed(seed); });
}
ct_tensor ct_rand(const int64_t *sizes, int32_t count, ct_options given, ct_generator source) {
    return guarded([&] { return at::rand(dimensions(sizes, count), generator(source), options(given)); });
}
ct_tensor ct_randn(const int64_t *sizes, int32_t count, ct_options given, ct_generator source) {
    return guarded([&] { return at::randn(dimensions(sizes, count), generator(source), options(given)); });
}
ct_tensor ct_randint(
    int64_t low, int64_t high, const int64_t *sizes, int32_t count, ct_options given, ct_generator source) {
    return guarded([&] { return at::randint(low, high, dimensions(sizes, count), generator(source), options(given)); });
}
ct_tensor ct_randperm(int64_t n, ct_generator source) {
    return guarded([&] { return at::randperm(n, generator(source), at::TensorOptions().dtype(at::kLong)); });
}
bool ct_uniform_(ct_tensor self, double low, double high, ct_generator source) {
    return attempted([&] { Borrowed(self)->uniform_(low, high, generator(source)); });
}
bool ct_normal_(ct_tensor self, double mean, double std, ct_generator source) {
    return attempted([&] { Borrowed(self)->normal_(mean, std, generator(source)); });
}
bool ct_bernoulli_(ct_tensor self, double p, ct_generator source) {
    return attempted([&] { Borrowed(self)->bernoulli_(p, generator(source)); });
}
bool ct_exponential_(ct_tensor self, double lambda, ct_generator source) {
    return attempted([&] { Borrowed(self)->exponential_(lambda, generator(source)); });
}
ct_tensor ct_bernoulli(ct_tensor probabilities, ct_generator source) {
    return guarded([&] { return at::bernoulli(*Borrowed(probabilities), generator(source)); });
}
ct_tensor ct_multinomial(ct_tensor weights, int64_t count, bool replacement, ct_generator source) {
    return guarded([&] { return at::multinomial(Borrowed(weights), count, replacement, generator(source)); });
}
