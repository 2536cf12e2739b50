// A convolution that is part of the graph, around products that know nothing of it.
#pragma once

#include "ConvolutionGeometry.h"
#include "GradientSupport.h"

#include "../Memory/ZeroMemory.h"

#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ctk {

/// The convolution whose three products `Products` computes.
///
///     template <class T> static void forward(const ConvolutionShape &, const T *input, const T *weight, T *output);
///     template <class T> static void weight_gradient(
///         const ConvolutionShape &, const T *input, const T *gradient, T *result);
///     template <class T> static void input_gradient(
///         const ConvolutionShape &, const T *gradient, const T *weight, T *result);
///
/// Images have their channels last, weights lie by taps, inputs and outputs. The gradient of the weight is zero already
/// where its tap meets no input.
template <class Products>
struct ConvolutionFunction : torch::autograd::Function<ConvolutionFunction<Products>> {
    using AutogradContext = torch::autograd::AutogradContext;
    using variable_list = torch::autograd::variable_list;

    static at::Tensor forward(
        AutogradContext *context, const at::Tensor &input, const at::Tensor &weight, ConvolutionGeometry geometry) {
        const ConvolutionShape shape = geometry.shape(input, weight);
        at::Tensor output = image(shape.batch, shape.outputs, shape.height.output(), shape.width.output(), input);
        for_type(input, [&](auto type) {
            using T = decltype(type);
            Products::template forward<T>(
                shape, input.const_data_ptr<T>(), weight.const_data_ptr<T>(), output.mutable_data_ptr<T>());
        });
        context->save_for_backward({input, weight});
        context->saved_data["geometry"] = geometry.packed();
        return output;
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        if (!gradients[0].defined()) return {at::Tensor(), at::Tensor(), at::Tensor()};
        const variable_list saved = context->get_saved_variables();
        const at::Tensor &input = saved[0];
        const at::Tensor &weight = saved[1];
        const auto geometry = ConvolutionGeometry::unpacked(context->saved_data["geometry"].toInt());
        const bool wants_input = context->needs_input_grad(0);
        const bool wants_weight = context->needs_input_grad(1);
        if (at::GradMode::is_enabled()) {
            // The backward pass is recorded itself: LibTorch's operation has a derivative.
            auto [of_input, of_weight, of_bias] = at::convolution_backward(
                gradients[0], input, weight, at::OptionalIntArrayRef(),
                {geometry.stride_height, geometry.stride_width}, {geometry.padding_height, geometry.padding_width},
                {1, 1}, false, {0, 0}, 1, {wants_input, wants_weight, false});
            return {of_input, of_weight, at::Tensor()};
        }
        const at::Tensor gradient = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
        const ConvolutionShape shape = geometry.shape(input, weight);
        at::Tensor of_input;
        at::Tensor of_weight;
        if (wants_weight) {
            // Only a leaf keeps its gradient from step to step.
            of_weight =
                weight.is_leaf() ? GradientSupport::of(weight)->memory(weight, shape) : lazy_zeros(weight.detach());
        }
        if (wants_input) of_input = image(shape.batch, shape.inputs, shape.height.input, shape.width.input, input);
        for_type(input, [&](auto type) {
            using T = decltype(type);
            if (wants_weight) {
                // The support of the gradient is known as long as nobody else counts as having written to it.
                Products::template weight_gradient<T>(
                    shape, input.const_data_ptr<T>(), gradient.const_data_ptr<T>(),
                    static_cast<T *>(of_weight.mutable_data_ptr()));
            }
            if (wants_input) {
                Products::template input_gradient<T>(
                    shape, gradient.const_data_ptr<T>(), weight.const_data_ptr<T>(), of_input.mutable_data_ptr<T>());
            }
        });
        return {of_input, of_weight, at::Tensor()};
    }

  private:
    static at::Tensor image(int64_t batch, int64_t channels, int64_t height, int64_t width, const at::Tensor &like) {
        return at::empty(
            {batch, channels, height, width}, like.options().memory_format(at::MemoryFormat::ChannelsLast));
    }

    template <class Body>
    static void for_type(const at::Tensor &tensor, Body &&body) {
        if (tensor.scalar_type() == at::kDouble) {
            body(double());
        } else {
            body(float());
        }
    }
};

}  // namespace ctk
