#include "BackwardPass.h"

#include "Loss.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>
#include <c10/util/SmallVector.h>
#include <torch/csrc/autograd/anomaly_mode.h>

#include <algorithm>

namespace ctk::direct {
namespace {

/// Where the gradient of a parameter goes.
struct Place {
    GradientHook *hook = nullptr;
    /// What `grad` will refer to, or what is added to it.
    at::Tensor gradient;
    bool is_added = false;
};

const char *find_hook(Node &accumulator, GradientHook *&found) {
    if (has_hooks(accumulator)) return "a parameter has a hook";
    for (const auto &hook : accumulator.post_hooks()) {
        auto *ours = dynamic_cast<GradientHook *>(hook.get());
        if (ours == nullptr || found != nullptr) return "a parameter has a hook";
        found = ours;
    }
    return nullptr;
}

/// The chains from the loss back to the data; a reason where the graph is something else.
const char *find_chains(LossNode &loss, c10::SmallVector<ChainNode *, 4> &chains) {
    Node *next = loss.next_edge(0).function.get();
    while (next != nullptr) {
        ChainNode *chain = cast<ChainNode>(next);
        if (chain == nullptr) return "the graph goes on before the chain of layers";
        if (!chain->is_intact()) return "something that the backward pass needs was changed or freed";
        if (has_hooks(*chain) || !chain->post_hooks().empty()) return "there is a hook on an output";
        for (ChainNode *other : chains) {
            if (&other->chain() == &chain->chain()) return "layers are used twice";
        }
        chains.push_back(chain);
        next = chain->next_edge(0).function.get();
    }
    return nullptr;
}

/// Whether two chains have a parameter in common.
bool share_parameters(const c10::SmallVector<ChainNode *, 4> &chains) {
    for (size_t i = 0; i < chains.size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
            for (const at::Tensor &one : chains[i]->chain().parameters()) {
                for (const at::Tensor &other : chains[j]->chain().parameters()) {
                    if (one.is_same(other)) return true;
                }
            }
        }
    }
    return false;
}

const char *find_places(ChainNode &node, std::vector<Place> &places) {
    const auto &parameters = node.chain().parameters();
    places.resize(parameters.size());
    for (size_t i = 0; i < parameters.size(); ++i) {
        if (const char *reason = find_hook(*node.next_edge(i + 1).function, places[i].hook)) return reason;
    }
    return nullptr;
}

void prepare(ChainNode &node, std::vector<Place> &places) {
    Chain &chain = node.chain();
    for (size_t i = 0; i < places.size(); ++i) {
        Place &place = places[i];
        const at::Tensor &parameter = chain.parameters()[i];
        place.is_added = parameter.mutable_grad().defined();
        if (!place.is_added) {
            const bool is_shared = place.hook != nullptr && place.hook->gradients != nullptr;
            const FlatGradients &flat = is_shared ? *place.hook->gradients : chain.gradients();
            const size_t index = is_shared ? place.hook->index : i;
            if (flat.is_free(index)) {
                place.gradient = flat.slot(index);
                continue;
            }
        }
        place.gradient = at::empty_like(parameter);
    }
}

void finish(ChainNode &node, std::vector<Place> &places) {
    for (size_t i = 0; i < places.size(); ++i) {
        Place &place = places[i];
        at::Tensor &gradient = node.chain().parameters()[i].mutable_grad();
        if (place.is_added) {
            gradient.add_(place.gradient);
        } else {
            gradient = std::move(place.gradient);
        }
        if (place.hook != nullptr) place.hook->usage->mark(place.hook->index);
    }
}

}  // namespace

const char *run_backward(const at::Tensor &value, float weight) {
    LossNode *loss = maker<LossNode>(value);
    if (loss == nullptr) return "the tensor is not a loss on the output of a chain of layers";
    if (torch::autograd::AnomalyMode::is_enabled()) return "anomalies are looked for";
    if (!loss->is_intact()) return "something that the backward pass needs was changed or freed";
    if (has_hooks(*loss) || !loss->post_hooks().empty()) return "there is a hook on the loss";
    c10::SmallVector<ChainNode *, 4> chains;
    if (const char *reason = find_chains(*loss, chains)) return reason;
    if (share_parameters(chains)) return "a parameter is used twice";
    c10::SmallVector<std::vector<Place>, 4> places(chains.size());
    for (size_t i = 0; i < chains.size(); ++i) {
        if (const char *reason = find_places(*chains[i], places[i])) return reason;
    }

    const at::NoGradGuard guard;
    // Nodes are freed only when all is done: each holds the next one.
    const NodePointer root = value.grad_fn();
    at::Tensor gradient = chains.front()->workspace()->loss_gradient;
    loss->backward(weight, gradient);
    loss->release_variables();
    const float *current = gradient.const_data_ptr<float>();

    std::vector<float *> targets;
    for (size_t i = 0; i < chains.size(); ++i) {
        ChainNode &node = *chains[i];
        prepare(node, places[i]);
        targets.clear();
        for (const Place &place : places[i]) targets.push_back(place.gradient.mutable_data_ptr<float>());
        at::Tensor next;
        if (node.wants_input_gradient()) next = chains[i + 1]->workspace()->loss_gradient;
        const std::shared_ptr<Workspace> workspace = node.workspace();
        node.chain().backward(
            *workspace, node.features(), current, targets,
            next.defined() ? next.mutable_data_ptr<float>() : nullptr);
        finish(node, places[i]);
        node.chain().direct_passes.fetch_add(1, std::memory_order_relaxed);
        node.release_variables();
        if (next.defined()) current = next.const_data_ptr<float>();
    }
    return nullptr;
}

}  // namespace ctk::direct
