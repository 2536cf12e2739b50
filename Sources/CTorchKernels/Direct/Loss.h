// Losses on the output of a chain that know their own backward pass.
#pragma once

#include "Chain.h"

namespace ctk::direct {

/// The losses; each is the mean over the batch.
enum class LossKind { cross_entropy, nll, mse };

/// The loss, recorded as a node right behind the chain that made `input`; undefined where it has to be computed in
/// LibTorch's way.
///
/// - `input`: (samples, classes), of a chain. - `target`: class numbers (samples), of `mse` the shape of `input`.
/// - `ignore_index`: the class number that counts as no sample.
at::Tensor loss(LossKind kind, const at::Tensor &input, const at::Tensor &target, int64_t ignore_index);

/// A loss in the graph. Its one edge leads to the chain.
class LossNode final : public Node {
  public:
    LossNode(LossKind kind, at::Tensor input, at::Tensor target, int64_t ignore_index, std::shared_ptr<Workspace> space);

    variable_list apply(variable_list &&gradients) override;
    void release_variables() override;
    std::string name() const override { return "DirectLossBackward"; }

    bool is_intact() const;
    /// Writes the gradient of the input for a gradient of the loss.
    void backward(float gradient, at::Tensor &result) const;

  private:
    void require_intact(bool whole) const;
    variable_list differentiable(const at::Tensor &gradient);

    const LossKind kind_;
    at::Tensor input_, target_;
    const int64_t ignore_index_;
    std::shared_ptr<Workspace> workspace_;
    int64_t input_version_, target_version_;
};

}  // namespace ctk::direct
