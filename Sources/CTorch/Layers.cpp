// The operations that layers are made of.
#include "Guard.h"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <MatrixProduct/Linear.h>
#include <Normalization/RectifiedBatchNorm.h>

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/add.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/relu.h>

using namespace ctorch;

ct_tensor ct_linear(ct_tensor input, ct_tensor weight, ct_tensor bias) {
    return guarded([&] {
        const at::Tensor added = bias == nullptr ? at::Tensor() : retained(bias);
        const Borrowed values(input);
        const Borrowed matrix(weight);
        if (ctk::can_multiply(values, matrix, added)) return ctk::linear(values, matrix, added);
        return at::linear(values, matrix, optional(bias));
    });
}
ct_tensor ct_batch_norm(
    ct_tensor input, ct_tensor weight, ct_tensor bias, ct_tensor running_mean, ct_tensor running_var, bool training,
    double momentum, double eps) {
    return guarded([&] {
        return at::batch_norm(
            Borrowed(input), optional(weight), optional(bias), optional(running_mean), optional(running_var), training,
            momentum, eps, at::globalContext().userEnabledCuDNN());
    });
}
ct_tensor ct_rectified_batch_norm(
    ct_tensor input, ct_tensor residual, ct_tensor weight, ct_tensor bias, ct_tensor running_mean,
    ct_tensor running_var, ct_tensor batches, bool training, double momentum, double eps, bool rectifies) {
    return guarded([&] {
        const auto given = [](ct_tensor handle) { return handle == nullptr ? at::Tensor() : retained(handle); };
        const Borrowed images(input);
        const at::Tensor added = given(residual);
        const ctk::BatchNormLayer layer{
            given(weight), given(bias), given(running_mean), given(running_var), momentum, eps};
        if (training && batches != nullptr) {
            const at::NoGradGuard guard;
            Borrowed(batches)->add_(1);
        }
        if (training && ctk::can_normalize(images, added, layer)) {
            return ctk::rectified_batch_norm(images, added, layer, rectifies);
        }
        at::Tensor output = at::batch_norm(
            images, optional(weight), optional(bias), optional(running_mean), optional(running_var), training, momentum,
            eps, at::globalContext().userEnabledCuDNN());
        if (added.defined()) output = at::add(output, added);
        return rectifies ? at::relu(output) : output;
    });
}
ct_tensor ct_max_pool2d(
    ct_tensor input, const int64_t *kernel, const int64_t *stride, const int64_t *padding, const int64_t *dilation,
    bool ceil_mode) {
    return guarded([&] {
        return at::max_pool2d(Borrowed(input), pair(kernel), pair(stride), pair(padding), pair(dilation), ceil_mode);
    });
}
ct_tensor ct_avg_pool2d(
    ct_tensor input, const int64_t *kernel, const int64_t *stride, const int64_t *padding, bool ceil_mode,
    bool count_include_pad) {
    return guarded([&] {
        return at::avg_pool2d(Borrowed(input), pair(kernel), pair(stride), pair(padding), ceil_mode, count_include_pad);
    });
}
ct_tensor ct_adaptive_avg_pool2d(ct_tensor input, const int64_t *output) {
    return guarded([&] { return at::adaptive_avg_pool2d(Borrowed(input), pair(output)); });
}
ct_tensor ct_gelu(ct_tensor input, bool tanh_approximation) {
    return guarded([&] { return at::gelu(Borrowed(input), tanh_approximation ? "tanh" : "none"); });
}
ct_tensor ct_layer_norm(
    ct_tensor input, const int64_t *normalized, int32_t count, ct_tensor weight, ct_tensor bias, double eps) {
    return guarded([&] {
        return at::layer_norm(Borrowed(input), dimensions(normalized, count), optional(weight), optional(bias), eps);
    });
}
ct_tensor ct_embedding(ct_tensor weight, ct_tensor indices, int64_t padding_index) {
    return guarded([&] { return at::embedding(Borrowed(weight), Borrowed(indices), padding_index); });
}
