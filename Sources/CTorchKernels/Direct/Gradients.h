// Where the gradients of parameters are written.
#pragma once

#include "../Convolution/GradientSupport.h"
#include "Autograd.h"

#include <ATen/core/Tensor.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace ctk::direct {

/// Memory for the gradients of some parameters, one after another, each at the start of a cache line.
class FlatGradients {
  public:
    /// The floats of a cache line.
    static constexpr int64_t line = 64 / sizeof(float);

    /// `memory` has at least `elements(parameters)` floats, all zero; its own if undefined.
    explicit FlatGradients(std::vector<at::Tensor> parameters, at::Tensor memory = {});
    ~FlatGradients();
    FlatGradients(const FlatGradients &) = delete;
    FlatGradients &operator=(const FlatGradients &) = delete;

    /// How many floats the gradients of the parameters take.
    static int64_t elements(const std::vector<at::Tensor> &parameters);

    const at::Tensor &all() const { return all_; }
    /// Where the elements of a gradient lie, in their parameter's order of memory.
    const Span &place(size_t index) const { return places_[index]; }
    /// The place of one gradient, in its parameter's sizes and strides; always the same tensor.
    const at::Tensor &slot(size_t index) const { return slots_[index]; }
    /// Whether nobody else refers to the gradient's tensor or to its memory.
    bool is_free(size_t index) const;

    /// Lets convolutions write the gradients of their weights straight to their places.
    void lend_to_convolutions();
    /// Moves a parameter's gradient to its place, where nobody else refers to either.
    void take_in(size_t index) const;

  private:
    std::vector<at::Tensor> parameters_;
    at::Tensor all_;
    std::vector<Span> places_;
    std::vector<at::Tensor> slots_;
    /// How many refer to each place while no gradient lies there.
    std::vector<size_t> references_;
};

/// Tells which parameters the backward pass in progress has reached. Hooks on the parameters outlive who asks.
class Usage {
  public:
    explicit Usage(size_t count) : used_(count) {}

    void mark(size_t index) {
        if (used_[index].exchange(1) == 0) count_.fetch_add(1);
    }
    void clear() {
        for (auto &flag : used_) flag.store(0);
        count_.store(0);
    }
    bool operator[](size_t index) const { return used_[index].load() != 0; }
    size_t size() const { return used_.size(); }
    int32_t count() const { return count_.load(); }

  private:
    std::vector<std::atomic<uint8_t>> used_;
    std::atomic<int32_t> count_{0};
};

/// The hook of data parallelism on a parameter: notes that the parameter got a gradient, and says where gradients are
/// to be written so that they can be reduced there.
class GradientHook final : public torch::autograd::FunctionPostHook {
  public:
    GradientHook(std::shared_ptr<Usage> usage, std::shared_ptr<FlatGradients> gradients, size_t index)
        : usage(std::move(usage)), gradients(std::move(gradients)), index(index) {}

    torch::autograd::variable_list operator()(
        const torch::autograd::variable_list &outputs, const torch::autograd::variable_list &) override {
        usage->mark(index);
        if (gradients) gradients->take_in(index);
        return outputs;
    }

    const std::shared_ptr<Usage> usage;
    const std::shared_ptr<FlatGradients> gradients;
    const size_t index;
};

}  // namespace ctk::direct
