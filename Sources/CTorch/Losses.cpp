// Loss functions.
#include "Guard.h"

#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/nll_loss_nd.h>

using namespace ctorch;

ct_tensor ct_cross_entropy(
    ct_tensor input, ct_tensor target, ct_tensor weight, int64_t reduction, int64_t ignore_index,
    double label_smoothing) {
    return guarded([&] {
        return at::cross_entropy_loss(
            Borrowed(input), Borrowed(target), optional(weight), reduction, ignore_index, label_smoothing);
    });
}
ct_tensor ct_nll_loss(ct_tensor input, ct_tensor target, ct_tensor weight, int64_t reduction, int64_t ignore_index) {
    return guarded(
        [&] { return at::nll_loss_nd(Borrowed(input), Borrowed(target), optional(weight), reduction, ignore_index); });
}
ct_tensor ct_mse_loss(ct_tensor input, ct_tensor target, int64_t reduction) {
    return guarded([&] { return at::mse_loss(Borrowed(input), Borrowed(target), reduction); });
}
ct_tensor ct_bce_with_logits(
    ct_tensor input, ct_tensor target, ct_tensor weight, ct_tensor pos_weight, int64_t reduction) {
    return guarded([&] {
        return at::binary_cross_entropy_with_logits(
            Borrowed(input), Borrowed(target), optional(weight), optional(pos_weight), reduction);
    });
}
