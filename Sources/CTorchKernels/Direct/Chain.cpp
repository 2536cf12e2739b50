#include "Chain.h"

#include "../MatrixProduct/MatrixProduct.h"

#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_log_softmax_backward_data_cpu_dispatch.h>
#include <ATen/ops/_log_softmax_cpu_dispatch.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/gelu_backward_cpu_dispatch.h>
#include <ATen/ops/gelu_cpu_dispatch.h>
#include <ATen/ops/sigmoid_backward_cpu_dispatch.h>
#include <ATen/ops/sigmoid_cpu_dispatch.h>
#include <ATen/ops/tanh_backward_cpu_dispatch.h>
#include <ATen/ops/tanh_cpu_dispatch.h>

#include <algorithm>
#include <set>

namespace ctk::direct {
namespace {

/// So many batches of different sizes, or passes at once, keep their memory.
constexpr size_t kept_workspaces = 4;

bool is_plain(const at::Tensor &tensor) {
    return tensor.layout() == at::kStrided && tensor.is_cpu() && tensor.scalar_type() == at::kFloat &&
           tensor.is_contiguous() && !tensor.is_inference();
}

at::Tensor matrix(const float *data, int64_t rows, int64_t columns) {
    return at::from_blob(const_cast<float *>(data), {rows, columns}, at::TensorOptions().dtype(at::kFloat));
}

const char *gelu_kind(Kind kind) { return kind == Kind::gelu ? "none" : "tanh"; }

}  // namespace

Chain::Chain(std::vector<Layer> layers) : layers_(std::move(layers)) {
    while (start_ < layers_.size() && layers_[start_].kind == Kind::flatten) ++start_;
    TORCH_CHECK(start_ < layers_.size(), "a chain needs a layer that computes something");
    std::set<const void *> seen;
    for (const Layer &layer : layers_) {
        reads_output_ = layer.kind != Kind::linear && layer.kind != Kind::flatten;
        if (layer.kind != Kind::linear) continue;
        if (features_ == 0) features_ = layer.weight.size(1);
        for (const at::Tensor &parameter : {layer.weight, layer.bias}) {
            if (!parameter.defined()) continue;
            shares_parameters_ = shares_parameters_ || !seen.insert(parameter.unsafeGetTensorImpl()).second;
            parameters_.push_back(parameter);
            is_weight_.push_back(parameter.is_same(layer.weight));
        }
    }
    for (const at::Tensor &parameter : parameters_) {
        accumulators_.push_back(
            parameter.requires_grad() && parameter.is_leaf() ? torch::autograd::impl::grad_accumulator(parameter)
                                                             : NodePointer());
    }
}

const char *Chain::obstacle(const at::Tensor &input) const {
    if (!at::GradMode::is_enabled()) return "no gradients are recorded";
    if (at::autocast::is_autocast_enabled(at::kCPU)) return "it computes in a lower precision";
    if (shares_parameters_) return "a parameter is used twice";
    if (!is_plain(input)) return "the input is not float32 on the CPU with its elements in order";
    const bool flattens = layers_.front().kind == Kind::flatten;
    if (input.dim() < 2 || (input.dim() > 2 && !flattens)) return "the input is not one row a sample";
    if (input.size(0) == 0) return "the batch is empty";
    // The products of a single row may be asked for in another way then.
    if (input.dim() == 2 && input.stride(0) != input.size(1)) return "the input's rows are not next to each other";
    if (input.requires_grad() && maker<ChainNode>(input) == nullptr) return "the input requires gradients";
    if (features_ == 0 && !input.requires_grad()) return "no layer has parameters";
    int64_t width = input.numel() / input.size(0);
    for (const Layer &layer : layers_) {
        if (layer.kind != Kind::linear) continue;
        const at::Tensor &weight = layer.weight;
        if (!is_plain(weight) || weight.dim() != 2) return "a weight is not a float32 matrix on the CPU";
        if (weight.size(1) != width || width == 0 || weight.size(0) == 0) return "a weight does not fit its input";
        width = weight.size(0);
        if (!weight.requires_grad() || !weight.is_leaf()) return "a weight is not trained";
        const at::Tensor &bias = layer.bias;
        if (!bias.defined()) continue;
        if (!is_plain(bias) || bias.dim() != 1 || bias.size(0) != width) return "a bias does not fit its weight";
        if (!bias.requires_grad() || !bias.is_leaf()) return "a bias is not trained";
    }
    return nullptr;
}

std::shared_ptr<Workspace> Chain::workspace(int64_t rows, int64_t features) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto &workspace : workspaces_) {
        if (workspace->rows != rows || workspace->features != features || workspace.use_count() != 1) continue;
        // What the last user wrote, which may have been another thread.
        std::atomic_thread_fence(std::memory_order_acquire);
        workspace->renew_output();
        workspace->has_loss = false;
        return workspace;
    }
    auto made = std::make_shared<Workspace>(layers_, rows, features);
    if (workspaces_.size() == kept_workspaces) {
        const auto unused = std::find_if(
            workspaces_.begin(), workspaces_.end(), [](const auto &workspace) { return workspace.use_count() == 1; });
        if (unused == workspaces_.end()) return made;
        workspaces_.erase(unused);
    }
    workspaces_.push_back(made);
    return made;
}

FlatGradients &Chain::gradients() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!gradients_) gradients_ = std::make_unique<FlatGradients>(parameters_);
    return *gradients_;
}

at::Tensor Chain::forward(const at::Tensor &input) {
    const int64_t rows = input.size(0), features = input.numel() / rows;
    auto space = workspace(rows, features);
    // A view that autograd does not know of.
    const at::Tensor values = input.dim() == 2 && !input.requires_grad() ? input : input.variable_data();
    const float *current = values.const_data_ptr<float>();
    for (size_t i = 0; i < layers_.size(); ++i) {
        const Layer &layer = layers_[i];
        const at::Tensor &output = space->outputs[i];
        if (layer.kind == Kind::flatten) continue;
        float *result = output.mutable_data_ptr<float>();
        const int64_t width = space->widths[i];
        switch (layer.kind) {
            case Kind::flatten: break;
            case Kind::linear: {
                const int64_t columns = layer.weight.size(0);
                multiply(
                    Matrix::contiguous(current, rows, width),
                    Matrix::contiguous(layer.weight.const_data_ptr<float>(), columns, width).transposed(), result,
                    layer.bias.defined() ? layer.bias.const_data_ptr<float>() : nullptr);
                break;
            }
            case Kind::relu: relu(current, result, rows * width); break;
            case Kind::sigmoid: {
                at::Tensor out = output;
                at::cpu::sigmoid_out(out, matrix(current, rows, width));
                break;
            }
            case Kind::tanh: {
                at::Tensor out = output;
                at::cpu::tanh_out(out, matrix(current, rows, width));
                break;
            }
            case Kind::gelu:
            case Kind::gelu_tanh: {
                at::Tensor out = output;
                at::cpu::gelu_out(out, matrix(current, rows, width), gelu_kind(layer.kind));
                break;
            }
            case Kind::log_softmax: {
                at::Tensor out = output;
                at::cpu::_log_softmax_out(out, matrix(current, rows, width), 1, false);
                break;
            }
        }
        current = result;
    }
    // The program's tensor has the memory of the workspace for as long as either needs it.
    const at::Tensor &last = space->outputs.back();
    at::Tensor output(last.unsafeGetTensorImpl()->shallow_copy_and_detach(
        c10::VariableVersion(0), /*allow_tensor_metadata_change=*/true));
    auto [node, pointer] = make_node<ChainNode>(shared_from_this(), std::move(space), input, values);
    node->made(output);
    torch::autograd::impl::set_gradient_edge(output, Edge(std::move(pointer), 0));
    return output;
}

void Chain::backward(
    Workspace &space, const at::Tensor &features, const float *gradient, const std::vector<float *> &parameters,
    float *input) const {
    const int64_t rows = space.rows;
    size_t parameter = parameters.size();
    // Layers before the first one with parameters have nothing to do unless the input wants its gradient.
    size_t first = 0;
    if (input == nullptr) {
        while (first < layers_.size() && layers_[first].kind != Kind::linear) ++first;
    }
    int next = 0;
    for (size_t i = layers_.size(); i-- > first;) {
        const Layer &layer = layers_[i];
        if (layer.kind == Kind::flatten) continue;
        const int64_t width = space.widths[i];
        const bool has_before = i > 0 && space.outputs[i - 1].defined();
        const float *before = (has_before ? space.outputs[i - 1] : features).const_data_ptr<float>();
        const float *output = space.outputs[i].const_data_ptr<float>();
        float *result = i == start_ && input != nullptr ? input : space.gradients[next].mutable_data_ptr<float>();
        if (layer.kind == Kind::linear) {
            const int64_t columns = layer.weight.size(0);
            if (layer.bias.defined()) {
                if (float *out = parameters[--parameter]) space.bias_sums[i](gradient, out);
            }
            const Matrix given = Matrix::contiguous(gradient, rows, columns);
            if (float *out = parameters[--parameter]) {
                multiply(given.transposed(), Matrix::contiguous(before, rows, width), out);
            }
            if (i == first && input == nullptr) break;
            const Matrix weight = Matrix::contiguous(layer.weight.const_data_ptr<float>(), columns, width);
            if (rows == 1 && width == 1) {
                // LibTorch takes the input for a column then.
                multiply(weight.transposed(), given.transposed(), result);
            } else {
                multiply(given, weight, result);
            }
        } else if (layer.kind == Kind::relu) {
            relu_backward(gradient, output, result, rows * width);
        } else {
            at::Tensor out = matrix(result, rows, width);
            const at::Tensor given = matrix(gradient, rows, width);
            switch (layer.kind) {
                case Kind::sigmoid: at::cpu::sigmoid_backward_out(out, given, space.outputs[i]); break;
                case Kind::tanh: at::cpu::tanh_backward_out(out, given, space.outputs[i]); break;
                case Kind::gelu:
                case Kind::gelu_tanh:
                    at::cpu::gelu_backward_out(out, given, matrix(before, rows, width), gelu_kind(layer.kind));
                    break;
                default:
                    at::cpu::_log_softmax_backward_data_out(out, given, space.outputs[i], 1, at::kFloat);
                    break;
            }
        }
        gradient = result;
        next = 1 - next;
    }
}

}  // namespace ctk::direct
