// LibTorch's autograd, whose pointers to nodes differ between versions.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/edge.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/headeronly/version.h>

#include <memory>
#include <typeinfo>
#include <utility>

namespace ctk::direct {

using torch::autograd::Edge;
using torch::autograd::Node;
using torch::autograd::variable_list;

/// What edges hold.
using NodePointer = decltype(Edge::function);

/// Makes a node, and gives it both as what it is and as what edges hold.
template <class T, class... Arguments>
std::pair<T *, NodePointer> make_node(Arguments &&...arguments) {
#if TORCH_VERSION_MINOR < 13
    // As LibTorch makes them: long graphs are freed without recursion.
    T *node = new T(std::forward<Arguments>(arguments)...);
    return {node, NodePointer(node, torch::autograd::deleteNode)};
#else
    auto pointer = c10::make_intrusive<T>(std::forward<Arguments>(arguments)...);
    T *node = pointer.get();
    return {node, NodePointer(std::move(pointer))};
#endif
}

/// The node as a `T` if it is one and nothing else; null otherwise.
template <class T>
T *cast(Node *node) {
    return node != nullptr && typeid(*node) == typeid(T) ? static_cast<T *>(node) : nullptr;
}

/// The node that made a tensor if it is a `T`, or null.
template <class T>
T *maker(const at::Tensor &tensor) {
    return cast<T>(tensor.grad_fn().get());
}

/// Whether a program watches what passes through the node.
inline bool has_hooks(Node &node) {
    return !node.pre_hooks().empty() || !node.tensor_pre_hooks().empty() || !node.retains_grad_hooks().empty() ||
           node.tensor_post_acc_grad_hooks() != nullptr;
}

}  // namespace ctk::direct
