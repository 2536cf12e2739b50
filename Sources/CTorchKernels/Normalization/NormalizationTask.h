// What the normalisation of a batch reads and writes.
#pragma once

#include <cstdint>

namespace ctk {

/// Batch normalisation in training with what may follow it: an addition and a rectifier.
///
/// Images are dense with the channels last: `rows` pixels of `channels` numbers each.
template <class T>
struct NormalizationForward {
    int64_t rows;
    int64_t channels;
    const T *input;
    const T *residual;  // added after the normalisation; may be null
    T *output;
    const T *weight;  // null: ones
    const T *bias;    // null: zeros
    T *running_mean;  // null: none
    T *running_variance;
    T *mean;    // written: the batch's
    T *scale;   // written: one divided by the batch's standard deviation
    double momentum;
    double eps;
    bool rectifies;
};

/// The gradients of `NormalizationForward`.
template <class T>
struct NormalizationBackward {
    int64_t rows;
    int64_t channels;
    const T *gradient;  // of the output
    const T *input;
    const T *output;  // null where nothing was rectified
    const T *weight;
    const T *mean;
    const T *scale;
    T *input_gradient;
    T *residual_gradient;  // null: not wanted, or the same as `gradient`
    T *weight_gradient;    // null: not wanted
    T *bias_gradient;
};

}  // namespace ctk
