#include "Loss.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_log_softmax_backward_data_cpu_dispatch.h>
#include <ATen/ops/_log_softmax_cpu_dispatch.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/nll_loss_nd.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

namespace ctk::direct {
namespace {

bool has_class_numbers(const at::Tensor &target, int64_t rows, int64_t classes, int64_t ignore_index) {
    if (!target.is_cpu() || target.scalar_type() != at::kLong || target.dim() != 1 || target.size(0) != rows ||
        !target.is_contiguous() || target.is_inference()) {
        return false;
    }
    const int64_t *numbers = target.const_data_ptr<int64_t>();
    return std::all_of(numbers, numbers + rows, [&](int64_t number) {
        return number == ignore_index || (number >= 0 && number < classes);
    });
}

bool fits(LossKind kind, const at::Tensor &input, const at::Tensor &target, int64_t ignore_index) {
    if (kind != LossKind::mse) return has_class_numbers(target, input.size(0), input.size(1), ignore_index);
    return target.is_cpu() && target.scalar_type() == at::kFloat && target.layout() == at::kStrided &&
           target.sizes() == input.sizes() && target.is_contiguous() && !target.requires_grad() &&
           !target.is_inference();
}

/// The mean of the negative log probabilities, summed up in LibTorch's order.
float mean_nll(const float *values, const int64_t *target, int64_t rows, int64_t classes, int64_t ignore_index) {
    constexpr int level_count = 8;
    const int64_t ceil_log2 = rows <= 2 ? 1 : static_cast<int64_t>(std::bit_width(static_cast<uint64_t>(rows - 1)));
    const int64_t power = std::max<int64_t>(4, ceil_log2 / level_count);
    const int64_t mask = (int64_t{1} << power) - 1;
    float levels[level_count] = {};
    int64_t ignored = 0;
    for (int64_t row = 0; row < rows; ++row) {
        if (target[row] == ignore_index) {
            ++ignored;
            continue;
        }
        levels[0] -= values[row * classes + target[row]];
        for (int64_t level = 0; level + 1 < level_count; ++level) {
            if ((row & (mask << (level * power))) != 0) break;
            levels[level + 1] += levels[level];
            levels[level] = 0;
        }
    }
    return std::accumulate(std::begin(levels), std::end(levels), 0.0f) / static_cast<float>(rows - ignored);
}

float mean_square(const float *input, const float *target, Workspace &space) {
    const int64_t count = space.loss_values.numel();
    float *squares = space.loss_values.mutable_data_ptr<float>();
    for (int64_t i = 0; i < count; ++i) {
        const float difference = input[i] - target[i];
        squares[i] = difference * difference;
    }
    float sum;
    (*space.loss_sum)(squares, &sum);
    return sum / static_cast<float>(count);
}

}  // namespace

at::Tensor loss(LossKind kind, const at::Tensor &input, const at::Tensor &target, int64_t ignore_index) {
    if (!at::GradMode::is_enabled() || !input.requires_grad() || input.is_leaf() || input.dim() != 2) return {};
    const ChainNode *node = maker<ChainNode>(input);
    if (node == nullptr || !node->workspace() || !fits(kind, input, target, ignore_index)) return {};
    const std::shared_ptr<Workspace> &space = node->workspace();
    // A view of the output would have another maker; the memory is the workspace's own.
    if (space->has_loss || input.const_data_ptr() != space->outputs.back().const_data_ptr()) return {};
    if (kind == LossKind::mse) {
        if (!space->loss_sum) space->loss_sum.emplace(input.numel(), 1);
        // LibTorch's mean is not its sum divided everywhere.
        if (!space->loss_sum->knows_order()) return {};
    }
    space->has_loss = true;

    const at::Tensor &output = space->outputs.back();
    at::Tensor value = at::empty({}, at::TensorOptions().dtype(at::kFloat));
    float &result = *value.mutable_data_ptr<float>();
    const int64_t rows = input.size(0), columns = input.size(1);
    switch (kind) {
        case LossKind::cross_entropy:
            at::cpu::_log_softmax_out(space->loss_values, output, 1, false);
            result = mean_nll(
                space->loss_values.const_data_ptr<float>(), target.const_data_ptr<int64_t>(), rows, columns,
                ignore_index);
            break;
        case LossKind::nll:
            result = mean_nll(
                output.const_data_ptr<float>(), target.const_data_ptr<int64_t>(), rows, columns, ignore_index);
            break;
        case LossKind::mse:
            result = mean_square(output.const_data_ptr<float>(), target.const_data_ptr<float>(), *space);
            break;
    }
    auto [made, pointer] = make_node<LossNode>(kind, input, target, ignore_index, space);
    made->add_input_metadata(value);
    torch::autograd::impl::set_gradient_edge(value, Edge(std::move(pointer), 0));
    return value;
}

LossNode::LossNode(
    LossKind kind, at::Tensor input, at::Tensor target, int64_t ignore_index, std::shared_ptr<Workspace> space)
    : kind_(kind), input_(std::move(input)), target_(std::move(target)), ignore_index_(ignore_index),
      workspace_(std::move(space)), input_version_(input_._version()), target_version_(target_._version()) {
    add_next_edge(torch::autograd::impl::gradient_edge(input_));
}

bool LossNode::is_intact() const {
    if (!workspace_ || target_._version() != target_version_) return false;
    return kind_ != LossKind::mse || input_._version() == input_version_;
}

void LossNode::require_intact(bool whole) const {
    TORCH_CHECK(
        workspace_,
        "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
        "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
        "Specify retain_graph=True if you need to backward through the graph a second time.");
    TORCH_CHECK(
        is_intact() && (!whole || input_._version() == input_version_),
        "one of the variables needed for gradient computation has been modified by an inplace operation: the input or "
        "the target of a loss");
}

void LossNode::backward(float gradient, at::Tensor &result) const {
    Workspace &space = *workspace_;
    const int64_t rows = space.rows, columns = space.loss_values.size(1);
    if (kind_ == LossKind::mse) {
        const float *input = input_.const_data_ptr<float>(), *target = target_.const_data_ptr<float>();
        float *out = result.mutable_data_ptr<float>();
        const float norm = static_cast<float>(2.0 / static_cast<double>(rows * columns));
        for (int64_t i = 0; i < rows * columns; ++i) out[i] = norm * (input[i] - target[i]) * gradient;
        return;
    }
    const bool follows = kind_ == LossKind::cross_entropy;
    const int64_t *target = target_.const_data_ptr<int64_t>();
    float *scores = (follows ? space.loss_scratch : result).mutable_data_ptr<float>();
    std::memset(scores, 0, static_cast<size_t>(rows * columns) * sizeof(float));
    const int64_t counted = rows - std::count(target, target + rows, ignore_index_);
    const float share = -(gradient / static_cast<float>(counted));
    for (int64_t row = 0; row < rows; ++row) {
        if (target[row] != ignore_index_) scores[row * columns + target[row]] = share;
    }
    if (!follows) return;
    at::cpu::_log_softmax_backward_data_out(result, space.loss_scratch, space.loss_values, 1, at::kFloat);
}

variable_list LossNode::apply(variable_list &&gradients) {
    const std::lock_guard<std::mutex> lock(mutex_);
    variable_list results(1);
    if (!gradients[0].defined() || !task_should_compute_output(0)) return results;
    require_intact(/*whole=*/at::GradMode::is_enabled());
    if (at::GradMode::is_enabled()) return differentiable(gradients[0]);
    results[0] = at::empty(input_.sizes(), at::TensorOptions().dtype(at::kFloat));
    backward(*gradients[0].const_data_ptr<float>(), results[0]);
    return results;
}

// Derivatives of derivatives: the loss once more, in LibTorch's way.
variable_list LossNode::differentiable(const at::Tensor &gradient) {
    at::Tensor value;
    switch (kind_) {
        case LossKind::cross_entropy:
            value = at::cross_entropy_loss(input_, target_, {}, at::Reduction::Mean, ignore_index_);
            break;
        case LossKind::nll: value = at::nll_loss_nd(input_, target_, {}, at::Reduction::Mean, ignore_index_); break;
        case LossKind::mse: value = at::mse_loss(input_, target_); break;
    }
    return torch::autograd::grad({value}, {input_}, {gradient}, /*retain_graph=*/true, /*create_graph=*/true);
}

void LossNode::release_variables() {
    const std::lock_guard<std::mutex> lock(mutex_);
    workspace_.reset();
    input_.reset();
    target_.reset();
}

}  // namespace ctk::direct
