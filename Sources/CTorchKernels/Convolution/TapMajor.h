// The order in which the convolutions of this folder read a weight.
#pragma once

#include <ATen/core/Tensor.h>

namespace ctk {

/// Whether a weight (outputs, inputs, height, width) lies in memory in the order (height, width, inputs, outputs), in
/// which neighbouring taps are neighbours.
bool is_tap_major(const at::Tensor &weight);

/// The same weight in that order.
at::Tensor tap_major(const at::Tensor &weight);

}  // namespace ctk
