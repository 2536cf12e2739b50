// The backward pass of a chain and its loss without LibTorch's autograd engine.
#pragma once

#include <ATen/core/Tensor.h>

namespace ctk::direct {

/// Runs the backward pass of a loss whose graph is that loss and one chain after another, and nothing else.
///
/// Gradients are written where those of the step before were, if nobody refers to them any more, and added to what
/// parameters have; `gradient` is that of the loss. Returns null when it ran; otherwise why the engine has to.
const char *run_backward(const at::Tensor &loss, float gradient = 1);

}  // namespace ctk::direct
