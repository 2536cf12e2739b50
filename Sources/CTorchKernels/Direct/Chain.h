// Layers one after another that run forward and backward without LibTorch's dispatch.
#pragma once

#include "Autograd.h"
#include "Gradients.h"
#include "Layer.h"
#include "Workspace.h"

#include <ATen/core/Tensor.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace ctk::direct {

/// A chain of layers: what it computes is recorded as one node of the graph, with the bits of the layers one by one.
class Chain : public std::enable_shared_from_this<Chain> {
  public:
    explicit Chain(std::vector<Layer> layers);

    /// Why this input would have to go through the layers one by one; null if it need not.
    const char *obstacle(const at::Tensor &input) const;

    /// The output of the last layer; only where there is no obstacle.
    at::Tensor forward(const at::Tensor &input);

    /// The gradients of a pass.
    ///
    /// - `features`: what went into the first layer, a row a sample.
    /// - `gradient`: of the output.
    /// - `parameters`: where the gradient of each parameter goes; null where it is not wanted.
    /// - `input`: where the gradient of the input goes, or null.
    void backward(
        Workspace &workspace, const at::Tensor &features, const float *gradient, const std::vector<float *> &parameters,
        float *input) const;

    const std::vector<Layer> &layers() const { return layers_; }
    /// Weights and biases in the order of the layers.
    const std::vector<at::Tensor> &parameters() const { return parameters_; }
    /// Whether a parameter stands in two places.
    bool shares_parameters() const { return shares_parameters_; }
    /// Whether the backward pass of a parameter's layer reads the parameter itself.
    bool reads(size_t parameter, bool has_input_gradient) const {
        return is_weight_[parameter] && (has_input_gradient || parameter != 0);
    }
    bool reads_output() const { return reads_output_; }
    /// This chain's own place for gradients.
    FlatGradients &gradients();

    /// How many backward passes went without the engine, and through it.
    std::atomic<int64_t> direct_passes{0}, engine_passes{0};

  private:
    std::shared_ptr<Workspace> workspace(int64_t rows, int64_t features);

    std::vector<Layer> layers_;
    std::vector<at::Tensor> parameters_;
    std::vector<bool> is_weight_;
    bool shares_parameters_ = false, reads_output_ = false;
    int64_t features_ = 0;
    /// The first layer that computes something.
    size_t start_ = 0;
    /// Keeps the nodes that collect the parameters' gradients.
    std::vector<NodePointer> accumulators_;
    std::unique_ptr<FlatGradients> gradients_;

    std::mutex mutex_;
    std::vector<std::shared_ptr<Workspace>> workspaces_;
};

/// A pass through a chain in the graph. Its edges lead to the input's maker, and to each parameter.
class ChainNode final : public Node {
  public:
    ChainNode(std::shared_ptr<Chain> chain, std::shared_ptr<Workspace> workspace, at::Tensor input, at::Tensor features);

    variable_list apply(variable_list &&gradients) override;
    void release_variables() override;
    std::string name() const override { return "DirectChainBackward"; }

    Chain &chain() const { return *chain_; }
    const std::shared_ptr<Workspace> &workspace() const { return workspace_; }
    const at::Tensor &features() const { return features_; }
    /// Whether what the backward pass needs is there, and as it was.
    bool is_intact() const;
    bool wants_input_gradient() const { return next_edge(0).is_valid(); }

    /// Notes the version of the output that the program was given.
    void made(const at::Tensor &output);

  private:
    void require_intact(bool whole) const;
    variable_list differentiable(const at::Tensor &gradient);

    std::shared_ptr<Chain> chain_;
    std::shared_ptr<Workspace> workspace_;
    at::Tensor input_, features_;
    c10::VariableVersion output_version_;
    std::vector<int64_t> versions_;  // of the parameters
    int64_t input_version_, output_number_ = 0;
};

}  // namespace ctk::direct
