// Batch normalisation of images with the channels last. Included once for each instruction set, after Vectors.h.
#include "NormalizationTask.h"

#include <cmath>

namespace ctk::CTK_KERNELS {

/// Sums over all rows of what `body(row)` writes, for `Vectors` vectors of channels at a time.
///
/// Four rows at a time are summed apart, so that one addition need not wait for the other.
template <class T, int Vectors, int Sums, class Body>
inline void sum_rows(int64_t rows, Vector<T> (&totals)[Sums][Vectors], Body &&body) {
    constexpr int chains = 4;
    Vector<T> sums[chains][Sums][Vectors] = {};
    int64_t row = 0;
    for (; row + chains <= rows; row += chains) {
#pragma clang loop unroll(full)
        for (int chain = 0; chain < chains; ++chain) body(row + chain, sums[chain]);
    }
    for (; row < rows; ++row) body(row, sums[0]);
    for (int sum = 0; sum < Sums; ++sum) {
        for (int v = 0; v < Vectors; ++v) {
            totals[sum][v] = (sums[0][sum][v] + sums[1][sum][v]) + (sums[2][sum][v] + sums[3][sum][v]);
        }
    }
}

template <class T, int Vectors>
void normalize(const NormalizationForward<T> &task, int64_t first) {
    const int64_t step = task.channels;
    const T *x = task.input + first;
    Vector<T> mean[1][Vectors];
    sum_rows<T, Vectors, 1>(task.rows, mean, [&](int64_t row, auto &sums) {
#pragma clang loop unroll(full)
        for (int v = 0; v < Vectors; ++v) sums[0][v] += load(x + row * step + v * lanes<T>);
    });
    for (auto &value : mean[0]) value /= static_cast<T>(task.rows);
    Vector<T> variance[1][Vectors];
    sum_rows<T, Vectors, 1>(task.rows, variance, [&](int64_t row, auto &sums) {
#pragma clang loop unroll(full)
        for (int v = 0; v < Vectors; ++v) {
            const Vector<T> deviation = load(x + row * step + v * lanes<T>) - mean[0][v];
            sums[0][v] += deviation * deviation;
        }
    });
    Vector<T> factor[Vectors];
    Vector<T> offset[Vectors];
    for (int v = 0; v < Vectors; ++v) {
        for (int lane = 0; lane < lanes<T>; ++lane) {
            const int64_t channel = first + v * lanes<T> + lane;
            const T average = mean[0][v][lane];
            const T squares = variance[0][v][lane];
            const T spread = squares / static_cast<T>(task.rows);
            const T scale = static_cast<T>(1) / std::sqrt(spread + static_cast<T>(task.eps));
            task.mean[channel] = average;
            task.scale[channel] = scale;
            if (task.running_mean != nullptr) {
                const T momentum = static_cast<T>(task.momentum);
                const T unbiased = squares / static_cast<T>(task.rows - 1);
                T &running_mean = task.running_mean[channel];
                T &running_variance = task.running_variance[channel];
                running_mean = momentum * average + (1 - momentum) * running_mean;
                running_variance = momentum * unbiased + (1 - momentum) * running_variance;
            }
            factor[v][lane] = scale * (task.weight == nullptr ? static_cast<T>(1) : task.weight[channel]);
            const T shift = task.bias == nullptr ? static_cast<T>(0) : task.bias[channel];
            offset[v][lane] = shift - average * factor[v][lane];
        }
    }
    const auto write = [&](auto has_residual, auto rectifies) {
        for (int64_t row = 0; row < task.rows; ++row) {
#pragma clang loop unroll(full)
            for (int v = 0; v < Vectors; ++v) {
                const int64_t place = first + row * step + v * lanes<T>;
                Vector<T> y = load(task.input + place) * factor[v] + offset[v];
                if constexpr (has_residual()) y += load(task.residual + place);
                // NaN stays NaN, as LibTorch's rectifier has it.
                if constexpr (rectifies()) y = y < 0 ? Vector<T>{} : y;
                store(task.output + place, y);
            }
        }
    };
    const auto choose = [&](auto has_residual) {
        task.rectifies ? write(has_residual, std::true_type()) : write(has_residual, std::false_type());
    };
    task.residual != nullptr ? choose(std::true_type()) : choose(std::false_type());
}

template <class T, int Vectors, bool Rectified>
void normalize_backward(const NormalizationBackward<T> &task, int64_t first) {
    const int64_t step = task.channels;
    Vector<T> mean[Vectors];
    for (int v = 0; v < Vectors; ++v) mean[v] = load(task.mean + first + v * lanes<T>);
    const auto passed = [&](int64_t place) {
        const Vector<T> gradient = load(task.gradient + place);
        if constexpr (Rectified) return load(task.output + place) > 0 ? gradient : Vector<T>{};
        return gradient;
    };
    Vector<T> totals[2][Vectors];
    sum_rows<T, Vectors, 2>(task.rows, totals, [&](int64_t row, auto &sums) {
#pragma clang loop unroll(full)
        for (int v = 0; v < Vectors; ++v) {
            const int64_t place = first + row * step + v * lanes<T>;
            const Vector<T> gradient = passed(place);
            if (task.residual_gradient != nullptr) store(task.residual_gradient + place, gradient);
            sums[0][v] += gradient;
            sums[1][v] += gradient * (load(task.input + place) - mean[v]);
        }
    });
    Vector<T> average[Vectors];
    Vector<T> slope[Vectors];
    Vector<T> factor[Vectors];
    for (int v = 0; v < Vectors; ++v) {
        const int64_t channel = first + v * lanes<T>;
        const Vector<T> scale = load(task.scale + channel);
        if (task.weight_gradient != nullptr) store<T>(task.weight_gradient + channel, totals[1][v] * scale);
        if (task.bias_gradient != nullptr) store(task.bias_gradient + channel, totals[0][v]);
        average[v] = totals[0][v] / static_cast<T>(task.rows);
        slope[v] = totals[1][v] * scale * scale / static_cast<T>(task.rows);
        factor[v] = task.weight == nullptr ? scale : scale * load(task.weight + channel);
    }
    if (task.input_gradient == nullptr) return;
    for (int64_t row = 0; row < task.rows; ++row) {
#pragma clang loop unroll(full)
        for (int v = 0; v < Vectors; ++v) {
            const int64_t place = first + row * step + v * lanes<T>;
            const Vector<T> deviation = load(task.input + place) - mean[v];
            store<T>(task.input_gradient + place, (passed(place) - average[v] - deviation * slope[v]) * factor[v]);
        }
    }
}

/// Calls `body` with a number of vectors and the first channel, over one thread's share of the channels.
template <class T, class Body>
void over_channels(int64_t channels, int part, int parts, Body &&body) {
    const int64_t vectors = channels / lanes<T>;
    int64_t vector = vectors * part / parts;
    const int64_t end = vectors * (part + 1) / parts;
    for (; vector + 4 <= end; vector += 4) body(std::integral_constant<int, 4>(), vector * lanes<T>);
    for (; vector + 2 <= end; vector += 2) body(std::integral_constant<int, 2>(), vector * lanes<T>);
    for (; vector < end; ++vector) body(std::integral_constant<int, 1>(), vector * lanes<T>);
}

/// One thread's channels; each channel is computed by one thread alone, so that the bits do not depend on their number.
template <class T>
void batch_norm_forward(const NormalizationForward<T> &task, int part, int parts) {
    over_channels<T>(task.channels, part, parts, [&](auto vectors, int64_t first) {
        normalize<T, vectors()>(task, first);
    });
}

template <class T>
void batch_norm_backward(const NormalizationBackward<T> &task, int part, int parts) {
    over_channels<T>(task.channels, part, parts, [&](auto vectors, int64_t first) {
        if (task.output != nullptr) {
            normalize_backward<T, vectors(), true>(task, first);
        } else {
            normalize_backward<T, vectors(), false>(task, first);
        }
    });
}

}  // namespace ctk::CTK_KERNELS
