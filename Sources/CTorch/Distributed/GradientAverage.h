// The average of all gradients over the ranks, in place and together, after the backward pass.
#pragma once

#include "RecordedBackend.h"

#include <Direct/Gradients.h>

#include <memory>
#include <vector>

namespace ctorch {

/// Averages the gradients of parameters, float32 on the CPU, with the arithmetic of c10d's reducer.
///
/// Gradients lie one after another, where the ranks share memory in that memory, from the backward pass on. Elements that
/// are zero on all ranks, of which convolutions know some, are left out: in each step the ranks reduce the ranges that
/// they have agreed on, and with them a number that says whether some rank has more. Then they exchange what they have, and
/// reduce the rest. So the ranges are always the same on all ranks and have all elements that any of them has.
class GradientAverage {
  public:
    /// All ranks call it with parameters of the same sizes.
    GradientAverage(const std::vector<at::Tensor> &parameters, c10::intrusive_ptr<RecordedBackend> ranks);

    /// Where gradients are to be written.
    const std::shared_ptr<ctk::direct::FlatGradients> &gradients() const { return flat_; }

    /// Replaces every parameter's gradient by the average; one that no rank has by zeros.
    void average();

    /// How many elements of gradients are reduced in a step, and how many there are.
    int64_t reduced_elements() const { return elements_in(agreed_); }
    int64_t elements() const;

  private:
    using Spans = ctk::Spans;

    /// A weight of a convolution.
    struct Weight {
        size_t index;
        /// What of it the ranks have agreed on.
        Spans agreed;
    };

    /// What this rank's gradient of a weight has that is not zero, by the places in all gradients.
    Spans present(const Weight &weight) const;
    Spans known_support(const Weight &weight) const;
    void reduce(const at::Tensor &all, const Spans &ranges);
    /// Exchanges what the ranks have, and gives what they have not agreed on before.
    Spans extend(const std::vector<Spans> &present);
    void agree(Spans ranges);
    int64_t elements_in(const Spans &ranges) const;

    const std::vector<at::Tensor> parameters_;
    const c10::intrusive_ptr<RecordedBackend> ranks_;
    /// Whether the ranks add up in memory that they share.
    const bool is_shared_;
    std::shared_ptr<ctk::direct::FlatGradients> flat_;
    std::vector<Weight> weights_;
    /// Ranges of whole cache lines of all gradients.
    Spans agreed_;
    int32_t next_bucket_ = 0;
};

}  // namespace ctorch
