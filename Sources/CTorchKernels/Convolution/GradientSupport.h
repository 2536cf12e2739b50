// Which elements of a weight ever get a gradient, and the memory that its gradient is written to in each step.
#pragma once

#include "ConvolutionShape.h"

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

namespace ctk {

/// Ranges of elements in the order of memory, ascending and apart.
using Spans = std::vector<Span>;

int64_t count(const Spans &spans);
/// The elements that are in either.
Spans united(const Spans &first, const Spans &second);
/// The rest of `whole` elements.
Spans complement(const Spans &spans, int64_t whole);
/// The elements that are in the first and not in the second.
Spans without(const Spans &first, const Spans &second);

/// The elements of a weight, in the order of taps, inputs and outputs, whose gradient is not zero whatever the images:
/// those of the taps that meet an input somewhere.
Spans live_elements(const ConvolutionShape &shape);

/// What is known of one weight's gradient.
///
/// A gradient that a convolution has written is zero outside its support. Nobody may hold the memory of the last step's
/// gradient for the next step's to be written to it; the zeros are then there already.
class GradientSupport {
  public:
    /// The entry of a weight, made where there is none.
    static std::shared_ptr<GradientSupport> of(const at::Tensor &weight);
    /// The entry of a weight, or null.
    static std::shared_ptr<GradientSupport> find(const at::TensorImpl *weight);

    /// A tensor for a gradient of the weight, zero outside `live`; the caller writes the rest.
    at::Tensor memory(const at::Tensor &weight, const ConvolutionShape &shape);
    /// The elements outside which this gradient of the weight is zero; null where nothing is known.
    const Spans *live(const at::Tensor &gradient) const;
    /// Says that the gradient, which was changed since, is still zero where it was; `was_live` is what `live` gave before.
    void keep();
    /// The elements that had a gradient in any step so far.
    const Spans &support() const { return support_; }
    /// Lets gradients be written to a tensor of the weight's sizes and strides from now on. What it holds is overwritten.
    void assign(at::Tensor memory);
    /// The same for a tensor of zeros that somebody else keeps; it is written to while nobody but the two refers to it.
    void lend(at::Tensor memory);
    /// Ends a loan of this tensor.
    void take_back(const at::Tensor &memory);
    /// Says that the gradient was changed outside the backward pass in these elements alone.
    void spread(const Spans &spans) { live_ = united(live_, spans); }

  private:
    /// Whose memory it is.
    enum class Origin { own, assigned, lent };

    bool is_usable(const at::Tensor &weight) const;
    bool is_free() const;

    c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl> weight_;
    at::Tensor memory_;
    Origin origin_ = Origin::own;
    /// How many refer to a tensor that is lent while no gradient lies in it.
    size_t lenders_ = 0;
    uint32_t version_ = 0;
    ConvolutionShape shape_;
    /// The live elements of the shape.
    Spans of_shape_;
    /// The elements outside which the memory is zero.
    Spans live_;
    Spans support_;

  public:
    explicit GradientSupport(const at::Tensor &weight);
};

}  // namespace ctk
