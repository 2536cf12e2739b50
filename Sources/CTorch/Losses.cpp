// Loss functions.
#include "Guard.h"

#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/nll_loss_nd.h>
#include <Direct/Loss.h>

using namespace ctorch;
using ctk::direct::LossKind;

namespace {
constexpr int64_t mean = 1;
}  // namespace

ct_tensor ct_cross_entropy(
    ct_tensor input, ct_tensor target, ct_tensor weight, int64_t reduction, int64_t ignore_index,
    double label_smoothing) {
    return guarded([&] {
        if (weight == nullptr && reduction == mean && label_smoothing == 0) {
            auto direct = ctk::direct::loss(LossKind::cross_entropy, Borrowed(input), Borrowed(target), ignore_index);
            if (direct.defined()) return direct;
        }
        return at::cross_entropy_loss(
            Borrowed(input), Borrowed(target), optional(weight), reduction, ignore_index, label_smoothing);
    });
}
ct_tensor ct_nll_loss(ct_tensor input, ct_tensor target, ct_tensor weight, int64_t reduction, int64_t ignore_index) {
    return guarded([&] {
        if (weight == nullptr && reduction == mean) {
            auto direct = ctk::direct::loss(LossKind::nll, Borrowed(input), Borrowed(target), ignore_index);
            if (direct.defined()) return direct;
        }
        return at::nll_loss_nd(Borrowed(input), Borrowed(target), optional(weight), reduction, ignore_index);
    });
}
ct_tensor ct_mse_loss(ct_tensor input, ct_tensor target, int64_t reduction) {
    return guarded([&] {
        if (reduction == mean) {
            auto direct = ctk::direct::loss(LossKind::mse, Borrowed(input), Borrowed(target), 0);
            if (direct.defined()) return direct;
        }
        return at::mse_loss(Borrowed(input), Borrowed(target), reduction);
    });
}
ct_tensor ct_bce_with_logits(
    ct_tensor input, ct_tensor target, ct_tensor weight, ct_tensor pos_weight, int64_t reduction) {
    return guarded([&] {
        return at::binary_cross_entropy_with_logits(
            Borrowed(input), Borrowed(target), optional(weight), optional(pos_weight), reduction);
    });
}
