#include "Chain.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/autograd.h>

namespace ctk::direct {

ChainNode::ChainNode(
    std::shared_ptr<Chain> chain, std::shared_ptr<Workspace> workspace, at::Tensor input, at::Tensor features)
    : chain_(std::move(chain)), workspace_(std::move(workspace)), input_(std::move(input)),
      features_(std::move(features)), output_version_(0), input_version_(input_._version()) {
    torch::autograd::edge_list edges;
    edges.reserve(1 + chain_->parameters().size());
    edges.push_back(input_.requires_grad() ? torch::autograd::impl::gradient_edge(input_) : Edge());
    versions_.reserve(chain_->parameters().size());
    for (const at::Tensor &parameter : chain_->parameters()) {
        edges.push_back(torch::autograd::impl::gradient_edge(parameter));
        versions_.push_back(parameter._version());
    }
    set_next_edges(std::move(edges));
}

void ChainNode::made(const at::Tensor &output) {
    add_input_metadata(output);
    output_version_ = output.unsafeGetTensorImpl()->version_counter();
    output_number_ = output_version_.current_version();
}

bool ChainNode::is_intact() const {
    if (!workspace_ || input_._version() != input_version_) return false;
    if (chain_->reads_output() && output_version_.current_version() != output_number_) return false;
    for (size_t i = 0; i < versions_.size(); ++i) {
        if (chain_->reads(i, wants_input_gradient()) && chain_->parameters()[i]._version() != versions_[i]) {
            return false;
        }
    }
    return true;
}

void ChainNode::require_intact(bool whole) const {
    TORCH_CHECK(
        workspace_,
        "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
        "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
        "Specify retain_graph=True if you need to backward through the graph a second time.");
    const auto require = [](bool is_unchanged, const char *what, int64_t expected, int64_t found) {
        TORCH_CHECK(
            is_unchanged, "one of the variables needed for gradient computation has been modified by an inplace "
            "operation: ", what, " is at version ", found, "; expected version ", expected, " instead.");
    };
    require(input_._version() == input_version_, "the input of the layers", input_version_, input_._version());
    if (chain_->reads_output()) {
        const int64_t found = output_version_.current_version();
        require(found == output_number_, "the output of the layers", output_number_, found);
    }
    for (size_t i = 0; i < versions_.size(); ++i) {
        if (!whole && !chain_->reads(i, wants_input_gradient())) continue;
        const int64_t found = chain_->parameters()[i]._version();
        require(found == versions_[i], "a weight", versions_[i], found);
    }
}

variable_list ChainNode::apply(variable_list &&gradients) {
    const std::lock_guard<std::mutex> lock(mutex_);
    variable_list results(num_outputs());
    if (!gradients[0].defined()) return results;
    require_intact(/*whole=*/at::GradMode::is_enabled());
    if (at::GradMode::is_enabled()) return differentiable(gradients[0]);
    const at::Tensor gradient = gradients[0].contiguous();
    std::vector<float *> places(versions_.size(), nullptr);
    for (size_t i = 0; i < places.size(); ++i) {
        if (!task_should_compute_output(i + 1)) continue;
        results[i + 1] = at::empty_like(chain_->parameters()[i]);
        places[i] = results[i + 1].mutable_data_ptr<float>();
    }
    float *input = nullptr;
    if (task_should_compute_output(0)) {
        results[0] = at::empty(input_.sizes(), input_.options());
        input = results[0].mutable_data_ptr<float>();
    }
    chain_->backward(*workspace_, features_, gradient.const_data_ptr<float>(), places, input);
    chain_->engine_passes.fetch_add(1);
    return results;
}

// Derivatives of derivatives: the layers once more, one by one.
variable_list ChainNode::differentiable(const at::Tensor &gradient) {
    at::Tensor value = input_;
    for (const Layer &layer : chain_->layers()) value = eager(layer, value);
    variable_list sources = chain_->parameters();
    if (wants_input_gradient()) sources.push_back(input_);
    auto found = torch::autograd::grad(
        {value}, sources, {gradient}, /*retain_graph=*/true, /*create_graph=*/true, /*allow_unused=*/true);
    variable_list results(num_outputs());
    for (size_t i = 0; i < versions_.size(); ++i) results[i + 1] = found[i];
    if (wants_input_gradient()) results[0] = found.back();
    return results;
}

void ChainNode::release_variables() {
    const std::lock_guard<std::mutex> lock(mutex_);
    workspace_.reset();
    input_.reset();
    features_.reset();
}

}  // namespace ctk::direct
