// Convolution as one matrix product for each tap of the kernel, over the positions where the tap meets the image.
//
// Included once for each instruction set, after Vectors.h; CTK_FORWARD_ROWS, CTK_GRADIENT_ROWS and
// CTK_GRADIENT_COLUMNS say how many sums fit into its registers. All tensors are dense: images with the channels last,
// weights in the order (kernel height, kernel width, inputs, outputs). Nothing is copied or rearranged: vectors run
// along the outputs in all three products.
#include "ConvolutionShape.h"

#include <vector>

namespace ctk::CTK_KERNELS {

// --- Sums of products ---------------------------------------------------------------------------------------------

/// A distance that is known to the compiler.
using One = std::integral_constant<int64_t, 1>;

/// Where values and vectors that are multiplied with each other begin, and how many there are, at even distances.
struct ProductRun {
    int64_t value;
    int64_t vector;
    int64_t length;
};

/// The products of `Rows` × 1 values and 1 × `Vectors` vectors, added up over all runs.
///
/// The rows of the values are `row_step` apart, and the values of a run `step`: in the forward pass rows are images, and
/// a run goes along neighbouring inputs; in the gradient of the weight rows are neighbouring inputs, and a run goes
/// along images or positions.
template <class T, int Rows, int Vectors, class RowStep, class Step>
inline void product_tile(
    const T *values, RowStep row_step, Step step, const T *vectors, int64_t vector_step, T *result,
    int64_t result_step, const ProductRun *runs, int64_t run_count) {
    Vector<T> sums[Rows][Vectors] = {};
    for (int64_t r = 0; r < run_count; ++r) {
        const T *x = values + runs[r].value;
        const T *w = vectors + runs[r].vector;
        for (int64_t k = runs[r].length; k > 0; --k, x += step, w += vector_step) {
            Vector<T> column[Vectors];
#pragma clang loop unroll(full)
            for (int v = 0; v < Vectors; ++v) column[v] = load(w + v * lanes<T>);
#pragma clang loop unroll(full)
            for (int row = 0; row < Rows; ++row) {
                const T value = x[row * row_step];
#pragma clang loop unroll(full)
                for (int v = 0; v < Vectors; ++v) sums[row][v] += value * column[v];
            }
        }
    }
#pragma clang loop unroll(full)
    for (int row = 0; row < Rows; ++row) {
#pragma clang loop unroll(full)
        for (int v = 0; v < Vectors; ++v) store(result + row * result_step + v * lanes<T>, sums[row][v]);
    }
}

/// A tile of `rows` rows, at most `Rows`.
template <class T, int Rows, int Vectors, class RowStep, class Step>
inline void product_rows(
    int64_t rows, const T *values, RowStep row_step, Step step, const T *vectors, int64_t vector_step, T *result,
    int64_t result_step, const ProductRun *runs, int64_t run_count) {
    if (rows == Rows) {
        product_tile<T, Rows, Vectors>(
            values, row_step, step, vectors, vector_step, result, result_step, runs, run_count);
    } else if constexpr (Rows > 1) {
        product_rows<T, Rows - 1, Vectors>(
            rows, values, row_step, step, vectors, vector_step, result, result_step, runs, run_count);
    }
}

// --- Forward ------------------------------------------------------------------------------------------------------

/// Several images at each output position, by `Vectors` vectors of outputs; a run is neighbouring taps of one row of
/// the kernel, whose inputs and weights are contiguous.
template <class T, int Vectors>
void forward_block(const ConvolutionShape &s, const T *input, const T *weight, T *output, Span positions) {
    constexpr int rows = CTK_FORWARD_ROWS;
    const auto &h = s.height;
    const auto &w = s.width;
    const int64_t out_width = w.output();
    const int64_t image = h.input * w.input * s.inputs;
    const int64_t result = h.output() * out_width * s.outputs;
    std::vector<ProductRun> runs(static_cast<size_t>(h.kernel));
    for (int64_t position = positions.begin; position < positions.end; ++position) {
        const int64_t row = position / out_width;
        const int64_t column = position % out_width;
        const Span taps = w.taps(column);
        const Span lines = h.taps(row);
        int64_t count = 0;
        for (int64_t line = lines.begin; line < lines.end && !taps.is_empty(); ++line) {
            const int64_t y = row * h.stride - h.padding + line;
            const int64_t x = column * w.stride - w.padding + taps.begin;
            runs[static_cast<size_t>(count++)] = {
                (y * w.input + x) * s.inputs, (line * w.kernel + taps.begin) * s.inputs * s.outputs,
                taps.count() * s.inputs};
        }
        for (int64_t n = 0; n < s.batch; n += rows) {
            product_rows<T, rows, Vectors>(
                std::min<int64_t>(rows, s.batch - n), input + n * image, image, One(), weight, s.outputs,
                output + n * result + position * s.outputs, result, runs.data(), count);
        }
    }
}

/// Part `part` of `parts` of the output.
template <class T>
void forward(const ConvolutionShape &s, const T *input, const T *weight, T *output, int part, int parts) {
    constexpr int64_t wide = 2 * lanes<T>;
    const int64_t positions = s.height.output() * s.width.output();
    const int64_t blocks = (s.outputs + wide - 1) / wide;  // the last one may be narrow
    // Threads share the positions where there are enough of them, and else the outputs, so that none reads all weights.
    const bool by_outputs = positions < 16 && blocks >= parts;
    const int64_t whole = by_outputs ? blocks : positions;
    const Span mine{whole * part / parts, whole * (part + 1) / parts};
    const Span columns = by_outputs ? mine : Span{0, blocks};
    for (int64_t block = columns.begin; block < columns.end; ++block) {
        const int64_t first = block * wide;
        const Span places = by_outputs ? Span{0, positions} : mine;
        if (s.outputs - first >= wide) {
            forward_block<T, 2>(s, input, weight + first, output + first, places);
        } else {
            forward_block<T, 1>(s, input, weight + first, output + first, places);
        }
    }
}

// --- Gradient of the input -----------------------------------------------------------------------------------------

/// A tap that reaches an input position, and the output that it comes from.
struct TapSource {
    int64_t gradient;
    int64_t weight;
};

/// Neighbouring lanes added up: the pairs of `first`, then those of `second`.
template <class T, size_t... Lane>
inline Vector<T> pairs_added(const Vector<T> &first, const Vector<T> &second, std::index_sequence<Lane...>) {
    return __builtin_shufflevector(first, second, (2 * Lane)...) +
           __builtin_shufflevector(first, second, (2 * Lane + 1)...);
}

/// Writes the sum of the lanes of each of `Count` vectors to `results`; `Count` is a power of two, at most the lanes.
template <class T, int Count>
inline void add_lanes(Vector<T> *vectors, T *results) {
    constexpr auto sequence = std::make_index_sequence<lanes<T>>();
#pragma clang loop unroll(full)
    for (int count = Count; count > 1; count /= 2) {
#pragma clang loop unroll(full)
        for (int i = 0; i < count / 2; ++i) vectors[i] = pairs_added<T>(vectors[2 * i], vectors[2 * i + 1], sequence);
    }
    Vector<T> sums = vectors[0];
#pragma clang loop unroll(full)
    for (int parts = lanes<T> / Count; parts > 1; parts /= 2) sums = pairs_added<T>(sums, sums, sequence);
#pragma clang loop unroll(full)
    for (int i = 0; i < Count; ++i) results[i] = sums[i];
}

template <class T, int Count>
inline void add_all_lanes(Vector<T> *vectors, T *results) {
    if constexpr (Count > 0) {
        constexpr int most = Count < lanes<T> ? Count : lanes<T>;
        constexpr int now = std::bit_floor(static_cast<unsigned>(most));
        add_lanes<T, now>(vectors, results);
        add_all_lanes<T, Count - now>(vectors + now, results + now);
    }
}

/// Several images at one input position, and `Columns` neighbouring input channels.
template <class T, int Rows, int Columns>
inline void input_gradient_tile(
    const T *gradient, int64_t gradient_step, const T *weight, int64_t outputs, T *result, int64_t result_step,
    const TapSource *sources, int64_t source_count) {
    Vector<T> sums[Rows][Columns] = {};
    for (int64_t i = 0; i < source_count; ++i) {
        const T *g = gradient + sources[i].gradient;
        const T *w = weight + sources[i].weight;
        for (int64_t k = outputs; k > 0; k -= lanes<T>, g += lanes<T>, w += lanes<T>) {
            Vector<T> values[Columns];
#pragma clang loop unroll(full)
            for (int column = 0; column < Columns; ++column) values[column] = load(w + column * outputs);
#pragma clang loop unroll(full)
            for (int row = 0; row < Rows; ++row) {
                const Vector<T> other = load(g + row * gradient_step);
#pragma clang loop unroll(full)
                for (int column = 0; column < Columns; ++column) sums[row][column] += other * values[column];
            }
        }
    }
    T totals[Rows * Columns];
    add_all_lanes<T, Rows * Columns>(&sums[0][0], totals);
    for (int row = 0; row < Rows; ++row) {
        for (int column = 0; column < Columns; ++column) {
            result[row * result_step + column] = totals[row * Columns + column];
        }
    }
}

template <class T, int Rows, int Columns>
inline void input_gradient_columns(
    int64_t columns, const T *gradient, int64_t gradient_step, const T *weight, int64_t outputs, T *result,
    int64_t result_step, const TapSource *sources, int64_t source_count) {
    if (columns == Columns) {
        input_gradient_tile<T, Rows, Columns>(
            gradient, gradient_step, weight, outputs, result, result_step, sources, source_count);
    } else if constexpr (Columns > 1) {
        input_gradient_columns<T, Rows, Columns - 1>(
            columns, gradient, gradient_step, weight, outputs, result, result_step, sources, source_count);
    }
}

template <class T, int Rows>
inline void input_gradient_rows(
    int64_t rows, Span channels, const T *gradient, int64_t gradient_step, const T *weight, int64_t outputs, T *result,
    int64_t result_step, const TapSource *sources, int64_t source_count) {
    if (rows == Rows) {
        constexpr int columns = CTK_GRADIENT_COLUMNS;
        for (int64_t i = channels.begin; i < channels.end; i += columns) {
            input_gradient_columns<T, Rows, columns>(
                std::min<int64_t>(columns, channels.end - i), gradient, gradient_step, weight + i * outputs, outputs,
                result + i, result_step, sources, source_count);
        }
    } else if constexpr (Rows > 1) {
        input_gradient_rows<T, Rows - 1>(
            rows, channels, gradient, gradient_step, weight, outputs, result, result_step, sources, source_count);
    }
}

/// Part `part` of `parts` of the gradient of the input.
template <class T>
void input_gradient(
    const ConvolutionShape &s, const T *gradient, const T *weight, T *result, int part, int parts) {
    constexpr int rows = CTK_GRADIENT_ROWS;
    const auto &h = s.height;
    const auto &w = s.width;
    const int64_t positions = h.input * w.input;
    const bool by_channels = positions < 16 && s.inputs >= 16 * parts;
    const auto share = [&](int64_t whole) { return Span{whole * part / parts, whole * (part + 1) / parts}; };
    const Span channels = by_channels ? share(s.inputs) : Span{0, s.inputs};
    const Span places = by_channels ? Span{0, positions} : share(positions);
    const int64_t image = positions * s.inputs;
    const int64_t source = h.output() * w.output() * s.outputs;
    std::vector<TapSource> sources(static_cast<size_t>(s.taps()));
    for (int64_t position = places.begin; position < places.end; ++position) {
        const int64_t y = position / w.input;
        const int64_t x = position % w.input;
        int64_t count = 0;
        for (int64_t line = 0; line < h.kernel; ++line) {
            const int64_t from = y + h.padding - line;
            if (from < 0 || from % h.stride != 0 || from / h.stride >= h.output()) continue;
            for (int64_t tap = 0; tap < w.kernel; ++tap) {
                const int64_t column = x + w.padding - tap;
                if (column < 0 || column % w.stride != 0 || column / w.stride >= w.output()) continue;
                sources[static_cast<size_t>(count++)] = {
                    (from / h.stride * w.output() + column / w.stride) * s.outputs,
                    (line * w.kernel + tap) * s.inputs * s.outputs};
            }
        }
        for (int64_t n = 0; n < s.batch; n += rows) {
            input_gradient_rows<T, rows>(
                std::min<int64_t>(rows, s.batch - n), channels, gradient + n * source, source, weight, s.outputs,
                result + n * image + position * s.inputs, image, sources.data(), count);
        }
    }
}

// --- Gradient of the weight ------------------------------------------------------------------------------------------

/// Part `part` of `parts` of the gradient of the weight, where it is not zero; taps that meet no input are left alone.
template <class T, int rows, int vectors>
void weight_gradient_part(
    const ConvolutionShape &s, const T *input, const T *gradient, T *result, int part, int parts) {
    constexpr int64_t wide = vectors * lanes<T>;
    const auto &h = s.height;
    const auto &w = s.width;
    const int64_t image = h.input * w.input * s.inputs;
    const int64_t source = h.output() * w.output() * s.outputs;
    const int64_t row_blocks = (s.inputs + rows - 1) / rows;
    int64_t live = 0;
    for (int64_t tap = 0; tap < s.taps(); ++tap) {
        live += !h.positions(tap / w.kernel).is_empty() && !w.positions(tap % w.kernel).is_empty();
    }
    // The work is numbered by tap and block of inputs.
    const Span mine{live * row_blocks * part / parts, live * row_blocks * (part + 1) / parts};
    std::vector<ProductRun> runs;
    int64_t number = 0;
    for (int64_t tap = 0; tap < s.taps(); ++tap) {
        const Span lines = h.positions(tap / w.kernel);
        const Span columns = w.positions(tap % w.kernel);
        if (lines.is_empty() || columns.is_empty()) continue;
        const Span blocks{std::max<int64_t>(0, mine.begin - number), std::min(row_blocks, mine.end - number)};
        number += row_blocks;
        if (blocks.is_empty()) continue;
        const int64_t y = tap / w.kernel - h.padding;
        const int64_t x = tap % w.kernel - w.padding;
        const auto run = [&](int64_t n, int64_t line, int64_t column, int64_t length) {
            runs.push_back(
                {n * image + ((line * h.stride + y) * w.input + column * w.stride + x) * s.inputs,
                 n * source + (line * w.output() + column) * s.outputs, length});
        };
        runs.clear();
        const bool along_columns = columns.count() >= 4;
        if (along_columns) {
            for (int64_t n = 0; n < s.batch; ++n) {
                for (int64_t line = lines.begin; line < lines.end; ++line) run(n, line, columns.begin, columns.count());
            }
        } else {
            for (int64_t line = lines.begin; line < lines.end; ++line) {
                for (int64_t column = columns.begin; column < columns.end; ++column) run(0, line, column, s.batch);
            }
        }
        const int64_t input_step = along_columns ? w.stride * s.inputs : image;
        const int64_t gradient_step = along_columns ? s.outputs : source;
        const auto count = static_cast<int64_t>(runs.size());
        for (int64_t first = 0; first < s.outputs;) {
            const bool is_wide = s.outputs - first >= wide;
            for (int64_t block = blocks.begin; block < blocks.end; ++block) {
                const int64_t row = block * rows;
                const int64_t height = std::min<int64_t>(rows, s.inputs - row);
                T *target = result + (tap * s.inputs + row) * s.outputs + first;
                if (is_wide) {
                    product_rows<T, rows, vectors>(
                        height, input + row, One(), input_step, gradient + first, gradient_step, target, s.outputs,
                        runs.data(), count);
                } else {
                    product_rows<T, rows, 1>(
                        height, input + row, One(), input_step, gradient + first, gradient_step, target, s.outputs,
                        runs.data(), count);
                }
            }
            first += is_wide ? wide : lanes<T>;
        }
    }
}

template <class T>
void weight_gradient(
    const ConvolutionShape &s, const T *input, const T *gradient, T *result, int part, int parts) {
    // Where an image has few channels, a tile of the usual form would leave most accumulators without work.
    if (CTK_FORWARD_ROWS >= 8 && s.inputs <= 4) {
        weight_gradient_part<T, CTK_FORWARD_ROWS / 2, 4>(s, input, gradient, result, part, parts);
    } else {
        weight_gradient_part<T, CTK_FORWARD_ROWS, 2>(s, input, gradient, result, part, parts);
    }
}

}  // namespace ctk::CTK_KERNELS
