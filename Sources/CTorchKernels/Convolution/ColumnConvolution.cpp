#include "ColumnConvolution.h"

#include "../MatrixProduct/MatrixProduct.h"
#include "../Threads/Parallel.h"
#include "ConvolutionFunction.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>

#include <cstring>
#include <memory>

namespace ctk {
namespace {

/// A row for each output: the inputs that it sees, by taps and channels.
template <class T>
struct Columns {
    const ConvolutionShape &shape;
    const int64_t rows = shape.batch * shape.height.output() * shape.width.output();
    const int64_t width = shape.taps() * shape.inputs;
    const std::unique_ptr<T[]> memory{new T[static_cast<size_t>(rows * width)]};

    explicit Columns(const ConvolutionShape &shape) : shape(shape) {}

    /// Takes the inputs; zeros where a tap meets padding.
    void gather(const T *input) {
        for_images([&](Span images) {
            const int64_t size = rows / shape.batch * width;
            std::fill(&memory[images.begin * size], &memory[images.end * size], T(0));
            for_runs(images, [&](int64_t place, int64_t column, int64_t length) {
                std::memcpy(&memory[column], input + place, static_cast<size_t>(length) * sizeof(T));
            });
        });
    }

    /// Adds each row up where its inputs came from.
    void scatter(T *result) const {
        for_images([&](Span images) {
            const int64_t size = shape.height.input * shape.width.input * shape.inputs;
            std::fill(result + images.begin * size, result + images.end * size, T(0));
            for_runs(images, [&](int64_t place, int64_t column, int64_t length) {
                for (int64_t i = 0; i < length; ++i) result[place + i] += memory[column + i];
            });
        });
    }

  private:
    template <class Body>
    void for_images(Body &&body) const {
        constexpr int64_t least = 1 << 15;
        in_parallel(rows * width, least, [&](int part, int parts) {
            body(Span{shape.batch * part / parts, shape.batch * (part + 1) / parts});
        });
    }

    /// Calls `body(input, column, length)` for each run of neighbouring inputs that an output sees: where it begins in
    /// the image and among the columns, and how many numbers it has.
    template <class Body>
    void for_runs(Span images, Body &&body) const {
        const auto &h = shape.height;
        const auto &w = shape.width;
        int64_t start = images.begin * (rows / shape.batch) * width;
        for (int64_t n = images.begin; n < images.end; ++n) {
            const int64_t image = n * h.input * w.input * shape.inputs;
            for (int64_t row = 0; row < h.output(); ++row) {
                const Span lines = h.taps(row);
                for (int64_t column = 0; column < w.output(); ++column, start += width) {
                    const Span taps = w.taps(column);
                    if (taps.is_empty()) continue;
                    const int64_t x = column * w.stride - w.padding + taps.begin;
                    for (int64_t line = lines.begin; line < lines.end; ++line) {
                        const int64_t y = row * h.stride - h.padding + line;
                        body(
                            image + (y * w.input + x) * shape.inputs,
                            start + (line * w.kernel + taps.begin) * shape.inputs, taps.count() * shape.inputs);
                    }
                }
            }
        }
    }
};

/// C[m,n] = op(A)[m,k] · op(B)[k,n], row by row in memory; an operand that is transposed is stored so.
void multiply(
    bool transposes_a, bool transposes_b, int64_t m, int64_t n, int64_t k, const float *a, const float *b, float *c) {
    const auto matrix = [](const float *memory, int64_t rows, int64_t columns, bool is_transposed) {
        return is_transposed ? Matrix::contiguous(memory, columns, rows).transposed()
                             : Matrix::contiguous(memory, rows, columns);
    };
    ctk::multiply(matrix(a, m, k, transposes_a), matrix(b, k, n, transposes_b), c);
}
void multiply(
    bool transposes_a, bool transposes_b, int64_t m, int64_t n, int64_t k, const double *a, const double *b,
    double *c) {
    const auto matrix = [](const double *memory, int64_t rows, int64_t columns, bool is_transposed) {
        if (is_transposed) std::swap(rows, columns);
        const at::Tensor whole = at::from_blob(const_cast<double *>(memory), {rows, columns}, at::kDouble);
        return is_transposed ? whole.t() : whole;
    };
    at::Tensor result = matrix(c, m, n, false);
    at::mm_out(result, matrix(a, m, k, transposes_a), matrix(b, k, n, transposes_b));
}

struct ColumnProducts {
    template <class T>
    static void forward(const ConvolutionShape &shape, const T *input, const T *weight, T *output) {
        Columns<T> columns(shape);
        columns.gather(input);
        multiply(
            false, false, columns.rows, shape.outputs, columns.width, columns.memory.get(), weight, output);
    }

    template <class T>
    static void weight_gradient(const ConvolutionShape &shape, const T *input, const T *gradient, T *result) {
        Columns<T> columns(shape);
        columns.gather(input);
        multiply(
            true, false, columns.width, shape.outputs, columns.rows, columns.memory.get(), gradient, result);
    }

    template <class T>
    static void input_gradient(const ConvolutionShape &shape, const T *gradient, const T *weight, T *result) {
        Columns<T> columns(shape);
        multiply(
            false, true, columns.rows, columns.width, shape.outputs, gradient, weight, columns.memory.get());
        columns.scatter(result);
    }
};

}  // namespace

at::Tensor column_convolution(
    const at::Tensor &input, const at::Tensor &weight, at::IntArrayRef stride, at::IntArrayRef padding) {
    return ConvolutionFunction<ColumnProducts>::apply(
        input.contiguous(at::MemoryFormat::ChannelsLast), weight, ConvolutionGeometry{stride, padding});
}

}  // namespace ctk
