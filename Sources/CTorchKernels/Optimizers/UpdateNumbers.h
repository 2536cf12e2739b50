// The numbers of one step of an optimizer, and the elements that it changes.
#pragma once

#include <cstdint>

namespace ctk {

/// Elements of one parameter that lie one after another, and what belongs to them.
///
/// `first` and `second` are the optimizer's state: SGD's momentum buffer, or Adam's averages; `largest` is Adam's
/// largest average square. What an optimizer does not have is null.
struct UpdateSpan {
    float *parameter;
    const float *gradient;
    float *first;
    float *second;
    float *largest;
    int64_t count;
};

struct SGDNumbers {
    float learning_rate;
    float momentum;
    float dampening;
    float weight_decay;
    bool nesterov;
    bool maximize;
    /// The momentum buffer starts with the gradient.
    bool is_first;
};

struct AdamNumbers {
    double beta1;
    double beta2;
    double learning_rate;
    float eps;
    double weight_decay;
    bool decoupled;
    bool maximize;
    /// These follow from the step.
    float step_size;
    float correction_root;
};

}  // namespace ctk
