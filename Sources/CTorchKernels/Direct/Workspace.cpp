#include "Workspace.h"

#include "Layer.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>

namespace ctk::direct {
namespace {

at::Tensor memory(int64_t rows, int64_t columns) {
    return at::empty({rows, columns}, at::TensorOptions().dtype(at::kFloat));
}

bool works_in_place(Kind kind) {
    // Their derivatives need the output alone.
    return kind == Kind::relu || kind == Kind::sigmoid || kind == Kind::tanh;
}

}  // namespace

Workspace::Workspace(const std::vector<Layer> &layers, int64_t rows, int64_t features) : rows(rows), features(features) {
    int64_t width = features, widest = features;
    for (size_t i = 0; i < layers.size(); ++i) {
        const Layer &layer = layers[i];
        widths.push_back(width);
        if (layer.kind == Kind::linear) {
            width = layer.weight.size(0);
            bias_sums.push_back(layer.bias.defined() ? ColumnSum(rows, width) : ColumnSum());
        } else {
            bias_sums.emplace_back();
        }
        widest = std::max(widest, width);
        if (layer.kind == Kind::flatten) {
            outputs.push_back(i == 0 ? at::Tensor() : outputs.back());
        } else if (works_in_place(layer.kind) && i > 0 && outputs.back().defined() &&
                   layers[i - 1].kind == Kind::linear) {
            outputs.push_back(outputs.back());
        } else {
            outputs.push_back(memory(rows, width));
        }
    }
    for (at::Tensor &gradient : gradients) gradient = memory(rows, widest);
    loss_values = memory(rows, width);
    loss_gradient = memory(rows, width);
    loss_scratch = memory(rows, width);
}

void Workspace::renew_output() {
    at::Tensor &last = outputs.back();
    // One for each layer that writes there.
    if (last.storage().use_count() == 1) return;
    const at::Tensor old = last;
    const at::Tensor fresh = at::empty_like(old);
    for (at::Tensor &output : outputs) {
        if (output.is_same(old)) output = fresh;
    }
}

}  // namespace ctk::direct
