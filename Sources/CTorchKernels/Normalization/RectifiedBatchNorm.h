// Batch normalisation in training together with the addition and the rectifier that follow it in residual networks.
#pragma once

#include <ATen/core/Tensor.h>

namespace ctk {

/// The parameters and the state of a layer of batch normalisation; undefined where it has none.
struct BatchNormLayer {
    at::Tensor weight;
    at::Tensor bias;
    at::Tensor running_mean;
    at::Tensor running_variance;
    double momentum = 0.1;
    double eps = 1e-5;
};

/// Whether `rectified_batch_norm` takes them: images of float or double on the CPU of a machine with kernels, with the
/// channels last, as many as fill vectors.
bool can_normalize(const at::Tensor &input, const at::Tensor &residual, const BatchNormLayer &layer);

/// `relu(batch_norm(input) + residual)` with the batch's statistics; moves the running ones.
///
/// `residual` may be undefined, and without `rectifies` nothing is rectified. (N, channels, height, width) each.
at::Tensor rectified_batch_norm(
    const at::Tensor &input, const at::Tensor &residual, const BatchNormLayer &layer, bool rectifies);

}  // namespace ctk
