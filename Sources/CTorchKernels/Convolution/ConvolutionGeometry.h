// The steps and the padding of a convolution, beside its tensors.
#pragma once

#include "ConvolutionShape.h"

#include <ATen/core/Tensor.h>

namespace ctk {

/// The steps and the padding; as one number they are cheaper to keep for the backward pass than as four.
struct ConvolutionGeometry {
    int64_t stride_height = 1;
    int64_t stride_width = 1;
    int64_t padding_height = 0;
    int64_t padding_width = 0;

    ConvolutionGeometry() = default;
    ConvolutionGeometry(at::IntArrayRef stride, at::IntArrayRef padding)
        : stride_height(stride[0]), stride_width(stride[1]), padding_height(padding[0]), padding_width(padding[1]) {}

    /// Each of the four is below it.
    static constexpr int64_t limit = 1 << 15;

    int64_t packed() const {
        return ((stride_height * limit + stride_width) * limit + padding_height) * limit + padding_width;
    }
    static ConvolutionGeometry unpacked(int64_t number) {
        const auto next = [&] {
            const int64_t value = number % limit;
            number /= limit;
            return value;
        };
        ConvolutionGeometry result;
        result.padding_width = next();
        result.padding_height = next();
        result.stride_width = next();
        result.stride_height = next();
        return result;
    }

    /// What `input` (N, inputs, height, width) and `weight` (outputs, inputs, kernel height, kernel width) are.
    ConvolutionShape shape(const at::Tensor &input, const at::Tensor &weight) const {
        return {
            input.size(0),
            input.size(1),
            weight.size(0),
            {input.size(2), weight.size(2), stride_height, padding_height},
            {input.size(3), weight.size(3), stride_width, padding_width}};
    }
};

}  // namespace ctk
