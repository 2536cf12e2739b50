// The memory of one pass through a chain.
#pragma once

#include "ColumnSum.h"

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

namespace ctk::direct {

struct Layer;

/// What the layers of a chain compute for one batch, and room for the gradients on the way back.
struct Workspace {
    /// `features` is how many numbers a sample has that go into the first layer.
    Workspace(const std::vector<Layer> &layers, int64_t rows, int64_t features);

    int64_t rows, features;
    /// The output of each layer, (rows, features); a layer that works in place has the one before it.
    std::vector<at::Tensor> outputs;
    /// The numbers a sample that go into each layer.
    std::vector<int64_t> widths;
    /// For the gradients between layers, (rows, features) of the widest.
    at::Tensor gradients[2];
    std::vector<ColumnSum> bias_sums;

    /// What a loss keeps of the chain's output: log probabilities, or squared differences.
    at::Tensor loss_values;
    /// Room for the gradient of the chain's output, and for what leads to it.
    at::Tensor loss_gradient, loss_scratch;
    /// The sum of all of `loss_values`, once it is known to be needed.
    std::optional<ColumnSum> loss_sum;
    /// Whether a loss of this pass uses the above.
    bool has_loss = false;

    /// Gives the output memory of its own where that of an earlier pass is still in use.
    void renew_output();
};

}  // namespace ctk::direct
