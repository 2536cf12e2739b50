#include "TapConvolution.h"

#include "../InstructionSets/Kernels.h"
#include "../Threads/Parallel.h"
#include "GradientSupport.h"

#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

namespace ctk {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Products below this many operations stay on one thread.
constexpr int64_t shared_operations = 1 << 18;

at::Tensor image(int64_t batch, int64_t channels, int64_t height, int64_t width, const at::Tensor &like) {
    return at::empty(
        {batch, channels, height, width}, like.options().memory_format(at::MemoryFormat::ChannelsLast));
}

int64_t operations(const ConvolutionShape &shape) {
    return shape.batch * shape.height.output() * shape.width.output() * shape.weight_count();
}

template <class Body>
void for_type(const at::Tensor &tensor, Body &&body) {
    if (tensor.scalar_type() == at::kDouble) {
        body(double());
    } else {
        body(float());
    }
}

/// The geometry in one number, which is cheaper to keep for the backward pass than four.
struct Geometry {
    int64_t stride_height;
    int64_t stride_width;
    int64_t padding_height;
    int64_t padding_width;

    static constexpr int64_t limit = 1 << 15;
    int64_t packed() const {
        return ((stride_height * limit + stride_width) * limit + padding_height) * limit + padding_width;
    }
    static Geometry unpacked(int64_t number) {
        const auto next = [&] {
            const int64_t value = number % limit;
            number /= limit;
            return value;
        };
        Geometry result{};
        result.padding_width = next();
        result.padding_height = next();
        result.stride_width = next();
        result.stride_height = next();
        return result;
    }
    ConvolutionShape shape(const at::Tensor &input, const at::Tensor &weight) const {
        return {
            input.size(0),
            input.size(1),
            weight.size(0),
            {input.size(2), weight.size(2), stride_height, padding_height},
            {input.size(3), weight.size(3), stride_width, padding_width}};
    }
};

struct TapConvolution : torch::autograd::Function<TapConvolution> {
    static at::Tensor forward(
        AutogradContext *context, const at::Tensor &input, const at::Tensor &weight, Geometry geometry) {
        const ConvolutionShape shape = geometry.shape(input, weight);
        at::Tensor output =
            image(shape.batch, shape.outputs, shape.height.output(), shape.width.output(), input);
        for_type(input, [&](auto type) {
            using T = decltype(type);
            const auto &kernel = kernels()->layers<T>().convolution;
            in_parallel(operations(shape), shared_operations, [&](int part, int parts) {
                kernel.forward(
                    shape, input.const_data_ptr<T>(), weight.const_data_ptr<T>(), output.mutable_data_ptr<T>(), part,
                    parts);
            });
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
        const Geometry geometry = Geometry::unpacked(context->saved_data["geometry"].toInt());
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
        if (wants_input) of_input = image(shape.batch, shape.inputs, shape.height.input, shape.width.input, input);
        // Only a leaf keeps its gradient from step to step.
        if (wants_weight) {
            of_weight = weight.is_leaf() ? GradientSupport::of(weight)->memory(weight, shape) : at::zeros_like(weight);
        }
        for_type(input, [&](auto type) {
            using T = decltype(type);
            const auto &kernel = kernels()->layers<T>().convolution;
            if (wants_weight) {
                in_parallel(operations(shape), shared_operations, [&](int part, int parts) {
                    kernel.weight_gradient(
                        shape, input.const_data_ptr<T>(), gradient.const_data_ptr<T>(),
                        static_cast<T *>(of_weight.mutable_data_ptr()), part, parts);
                });
            }
            if (wants_input) {
                in_parallel(operations(shape), shared_operations, [&](int part, int parts) {
                    kernel.input_gradient(
                        shape, gradient.const_data_ptr<T>(), weight.const_data_ptr<T>(),
                        of_input.mutable_data_ptr<T>(), part, parts);
                });
            }
        });
        return {of_input, of_weight, at::Tensor()};
    }
};

}  // namespace

bool is_tap_major(const at::Tensor &weight) {
    if (weight.dim() != 4) return false;
    int64_t expected = 1;
    for (const int64_t dimension : {0, 1, 3, 2}) {
        if (weight.size(dimension) != 1 && weight.stride(dimension) != expected) return false;
        expected *= weight.size(dimension);
    }
    return true;
}

at::Tensor tap_major(const at::Tensor &weight) {
    return is_tap_major(weight) ? weight : weight.permute({2, 3, 1, 0}).contiguous().permute({3, 2, 0, 1});
}

bool can_convolve_by_taps(const at::Tensor &input, const at::Tensor &weight) {
    const auto type = input.scalar_type();
    if (kernels() == nullptr || !input.is_cpu() || !weight.is_cpu() || weight.scalar_type() != type) return false;
    if (input.dim() != 4 || weight.dim() != 4 || input.numel() == 0 || weight.numel() == 0) return false;
    if (input.layout() != at::kStrided || weight.layout() != at::kStrided) return false;
    const auto fills = [&](int lanes) { return weight.size(0) % lanes == 0; };
    return (type == at::kFloat && fills(kernels()->single_precision.lanes)) ||
           (type == at::kDouble && fills(kernels()->double_precision.lanes));
}

ConvolutionShape convolution_shape(
    const at::Tensor &input, const at::Tensor &weight, at::IntArrayRef stride, at::IntArrayRef padding) {
    return Geometry{stride[0], stride[1], padding[0], padding[1]}.shape(input, weight);
}

at::Tensor tap_convolution(
    const at::Tensor &input, const at::Tensor &weight, at::IntArrayRef stride, at::IntArrayRef padding) {
    return TapConvolution::apply(
        input.contiguous(at::MemoryFormat::ChannelsLast), tap_major(weight),
        Geometry{stride[0], stride[1], padding[0], padding[1]});
}

}  // namespace ctk
