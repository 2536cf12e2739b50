// Autocast, and what gradients of small numbers need: their check, and taking the loss's factor out of them.
#include "Guard.h"

#include <InstructionSets/Kernels.h>

#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_amp_foreach_non_finite_check_and_unscale.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <array>
#include <map>
#include <tuple>

using namespace ctorch;

namespace {

constexpr std::array device_types{at::kCPU, at::kCUDA};

/// What holds outside one scope of autocast.
struct Outside {
    std::array<bool, device_types.size()> is_enabled;
    std::array<at::ScalarType, device_types.size()> dtype;
};
thread_local std::vector<Outside> scopes;

}  // namespace

bool ct_autocast_begin(int8_t dtype) {
    return attempted([&] {
        Outside outside;
        for (size_t i = 0; i < device_types.size(); ++i) {
            outside.is_enabled[i] = at::autocast::is_autocast_enabled(device_types[i]);
            outside.dtype[i] = at::autocast::get_autocast_dtype(device_types[i]);
        }
        scopes.push_back(outside);
        for (const auto type : device_types) {
            at::autocast::set_autocast_enabled(type, true);
            at::autocast::set_autocast_dtype(type, static_cast<at::ScalarType>(dtype));
        }
        at::autocast::increment_nesting();
        // Those of this package compute in the type of their operands, past LibTorch's dispatch.
        ctk::pause_kernels(true);
    });
}

void ct_autocast_end(void) {
    if (scopes.empty()) return;
    ctk::pause_kernels(false);
    // What was converted is kept for the operations of one scope, and not after the parameters have changed.
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    for (size_t i = 0; i < device_types.size(); ++i) {
        at::autocast::set_autocast_enabled(device_types[i], scopes.back().is_enabled[i]);
        at::autocast::set_autocast_dtype(device_types[i], scopes.back().dtype[i]);
    }
    scopes.pop_back();
}

bool ct_unscale_gradients(const ct_tensor *gradients, int32_t count, double inverse, bool *are_finite) {
    return attempted([&] {
        const at::NoGradGuard guard;
        // One call takes gradients of one type and device.
        std::map<std::tuple<at::DeviceType, int, at::ScalarType>, std::vector<at::Tensor>> groups;
        for (const at::Tensor &gradient : retained(gradients, count)) {
            const at::Device device = gradient.device();
            groups[{device.type(), device.index(), gradient.scalar_type()}].push_back(gradient);
        }
        *are_finite = true;
        for (auto &[key, group] : groups) {
            const auto options = group.front().options().dtype(at::kFloat);
            at::Tensor found = at::zeros({1}, options);
            at::_amp_foreach_non_finite_check_and_unscale_(group, found, at::full({1}, inverse, options));
            *are_finite = *are_finite && found.item<float>() == 0;
        }
    });
}
