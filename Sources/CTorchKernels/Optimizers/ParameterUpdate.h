// One step of an optimizer over all parameters of a group, in one pass, without allocating anything.
#pragma once

#include "../Convolution/GradientSupport.h"
#include "UpdateNumbers.h"

#include <ATen/core/Tensor.h>

#include <vector>

namespace ctk {

/// What came of a step.
enum class UpdateOutcome : int32_t {
    done = 1,
    /// A parameter has a gradient, but no state yet; nothing was changed.
    needs_state = 2,
    /// A parameter, its gradient or its state is of a kind that these kernels do not take; nothing was changed.
    unsuited = 3,
};

/// The settings of a step of SGD.
struct SGDSettings {
    double learning_rate, momentum, dampening, weight_decay;
    bool nesterov, maximize;
};

/// The settings of a step of Adam or AdamW.
struct AdamSettings {
    double learning_rate, beta1, beta2, eps, weight_decay;
    bool amsgrad, maximize, decoupled;
};

/// The parameters of a group and the optimizer's state for each of them, ready for the next step.
///
/// The parameters are dense tensors of float on the CPU, and so is their state, in the same order of memory. Elements
/// whose gradient a convolution knows to be zero are passed over where a step would leave them as they are.
class ParameterUpdate {
  public:
    explicit ParameterUpdate(std::vector<at::Tensor> parameters);

    /// The state of one parameter; undefined what the optimizer does not have. `is_new`: all zeros, from before the
    /// parameter's first step.
    void set_state(size_t index, at::Tensor first, at::Tensor second, at::Tensor largest, at::Tensor step, bool is_new);

    /// A step over the parameters that have a gradient.
    UpdateOutcome sgd(const SGDSettings &settings);
    UpdateOutcome adam(const AdamSettings &settings);

  private:
    struct Member {
        at::Tensor parameter;
        at::Tensor first;
        at::Tensor second;
        at::Tensor largest;
        at::Tensor step;
        bool has_state = false;
        bool is_new = false;
        /// Where the state may be other than zero; null: nothing is known.
        std::optional<Spans> touched;
    };
    struct Piece {
        UpdateSpan span;
        size_t numbers;
    };

    UpdateOutcome collect(bool needs_first, bool needs_second, bool needs_largest, bool may_skip);
    void add(Member &member, const at::Tensor &gradient, bool may_skip);
    template <class Numbers>
    void run(void (*kernel)(const UpdateSpan &, const Numbers &), const std::vector<Numbers> &numbers);
    void mark_changed();

    std::vector<Member> members_;
    std::vector<size_t> pending_;
    std::vector<Piece> pieces_;
    std::vector<at::Tensor> copies_;
    std::vector<SGDNumbers> sgd_numbers_;
    std::vector<AdamNumbers> adam_numbers_;
};

}  // namespace ctk
