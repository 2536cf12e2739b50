// The sizes of a two-dimensional convolution, and which taps of its kernel ever meet an input.
#pragma once

#include <algorithm>
#include <cstdint>

namespace ctk {

/// A half-open range.
struct Span {
    int64_t begin = 0;
    int64_t end = 0;

    int64_t count() const { return end - begin; }
    bool is_empty() const { return end <= begin; }
    bool operator==(const Span &) const = default;
};

/// One dimension of the image: sizes, step and padding.
struct ConvolutionAxis {
    int64_t input = 0;
    int64_t kernel = 0;
    int64_t stride = 1;
    int64_t padding = 0;

    int64_t output() const { return (input + 2 * padding - kernel) / stride + 1; }
    /// The taps that meet the input at an output position.
    Span taps(int64_t position) const {
        const int64_t start = position * stride - padding;
        return {std::max<int64_t>(0, -start), std::min(kernel, input - start)};
    }
    /// The output positions at which a tap meets the input.
    Span positions(int64_t tap) const {
        const int64_t first = padding - tap;
        const int64_t begin = first <= 0 ? 0 : (first + stride - 1) / stride;
        const int64_t last = input - 1 + padding - tap;
        return {begin, last < 0 ? begin : std::min(output(), last / stride + 1)};
    }
    bool operator==(const ConvolutionAxis &) const = default;
};

/// A convolution with one group and dilation one.
///
/// Input (batch, inputs, height, width), weight (outputs, inputs, kernel height, kernel width).
struct ConvolutionShape {
    int64_t batch = 0;
    int64_t inputs = 0;
    int64_t outputs = 0;
    ConvolutionAxis height;
    ConvolutionAxis width;

    int64_t taps() const { return height.kernel * width.kernel; }
    int64_t weight_count() const { return taps() * inputs * outputs; }
    /// Products of an input and a weight, those with padding too.
    int64_t product_count() const { return batch * height.output() * width.output() * weight_count(); }
    bool operator==(const ConvolutionShape &) const = default;
};

}  // namespace ctk
