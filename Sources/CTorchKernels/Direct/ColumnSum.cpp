#include "ColumnSum.h"

#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/sum_cpu_dispatch.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#if defined(__x86_64__) && defined(__linux__)
#define CTK_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define CTK_CLONES
#endif

namespace ctk::direct {
namespace {

constexpr int level_count = 4;

/// The columns [0, width) of `rows` rows that are `stride` apart, each summed in cascades: 16 elements or more, then
/// 16 or more of such sums, and so on.
template <int width>
__attribute__((always_inline)) inline void cascade(const float *data, int64_t stride, int64_t rows, float *sums) {
    const int64_t ceil_log2 = rows <= 2 ? 1 : static_cast<int64_t>(std::bit_width(static_cast<uint64_t>(rows - 1)));
    const int64_t power = std::max<int64_t>(4, ceil_log2 / level_count);
    const int64_t step = int64_t{1} << power, mask = step - 1;
    float levels[level_count][width] = {};
    int64_t row = 0;
    while (row + step <= rows) {
        for (int64_t j = 0; j < step; ++j, ++row) {
            const float *values = data + row * stride;
            for (int c = 0; c < width; ++c) levels[0][c] += values[c];
        }
        for (int level = 1; level < level_count; ++level) {
            for (int c = 0; c < width; ++c) {
                levels[level][c] += levels[level - 1][c];
                levels[level - 1][c] = 0;
            }
            if ((row & (mask << (level * power))) != 0) break;
        }
    }
    for (; row < rows; ++row) {
        const float *values = data + row * stride;
        for (int c = 0; c < width; ++c) levels[0][c] += values[c];
    }
    for (int level = 1; level < level_count; ++level) {
        for (int c = 0; c < width; ++c) levels[0][c] += levels[level][c];
    }
    for (int c = 0; c < width; ++c) sums[c] = levels[0][c];
}

/// The same, with each column dealt out to four sums; `width` columns that lie together.
template <int width>
__attribute__((always_inline)) inline void dealt(const float *data, int64_t stride, int64_t rows, float *sums) {
    const int64_t quarters = rows / 4;
    float partial[4][width];
    for (int k = 0; k < 4; ++k) cascade<width>(data + k * stride, stride * 4, quarters, partial[k]);
    for (int64_t row = quarters * 4; row < rows; ++row) {
        for (int c = 0; c < width; ++c) partial[0][c] += data[row * stride + c];
    }
    for (int k = 1; k < 4; ++k) {
        for (int c = 0; c < width; ++c) partial[0][c] += partial[k][c];
    }
    for (int c = 0; c < width; ++c) sums[c] = partial[0][c];
}

template <int lanes>
__attribute__((always_inline)) inline void sum_columns(
    const float *matrix, int64_t rows, int64_t columns, float *result) {
    if (columns == 1 && rows >= lanes) {
        float partial[lanes];
        dealt<lanes>(matrix, lanes, rows / lanes, partial);
        float sum = 0;
        for (int64_t row = rows / lanes * lanes; row < rows; ++row) sum += matrix[row];
        for (int lane = 0; lane < lanes; ++lane) sum += partial[lane];
        result[0] = sum;
        return;
    }
    int64_t column = 0;
    if (columns >= lanes) {
        for (; column + 4 * lanes <= columns; column += 4 * lanes) {
            cascade<4 * lanes>(matrix + column, columns, rows, result + column);
        }
        for (; column + lanes <= columns; column += lanes) {
            dealt<lanes>(matrix + column, columns, rows, result + column);
        }
    } else {
        for (; column + 4 <= columns; column += 4) cascade<4>(matrix + column, columns, rows, result + column);
    }
    for (; column < columns; ++column) dealt<1>(matrix + column, columns, rows, result + column);
    // LibTorch adds to zero, which makes a negative zero positive.
    for (int64_t c = 0; c < columns; ++c) result[c] += 0.0f;
}

CTK_CLONES void sum_columns_8(const float *matrix, int64_t rows, int64_t columns, float *result) {
    sum_columns<8>(matrix, rows, columns, result);
}
CTK_CLONES void sum_columns_16(const float *matrix, int64_t rows, int64_t columns, float *result) {
    sum_columns<16>(matrix, rows, columns, result);
}
CTK_CLONES void sum_columns_4(const float *matrix, int64_t rows, int64_t columns, float *result) {
    sum_columns<4>(matrix, rows, columns, result);
}

void sum_in_order(int64_t lanes, const float *matrix, int64_t rows, int64_t columns, float *result) {
    switch (lanes) {
        case 4: return sum_columns_4(matrix, rows, columns, result);
        case 16: return sum_columns_16(matrix, rows, columns, result);
        default: return sum_columns_8(matrix, rows, columns, result);
    }
}

void sum_with_tensors(const float *matrix, int64_t rows, int64_t columns, float *result) {
    const auto options = at::TensorOptions().dtype(at::kFloat);
    const at::Tensor input = at::from_blob(const_cast<float *>(matrix), {rows, columns}, options);
    at::Tensor output = at::from_blob(result, {1, columns}, options);
    at::cpu::sum_out(output, input, at::IntArrayRef{0}, /*keepdim=*/true);
}

}  // namespace

ColumnSum::ColumnSum(int64_t rows, int64_t columns) : rows_(rows), columns_(columns) {
    // From here on LibTorch may share the sum between threads, whose number can change.
    if (rows * columns >= at::internal::GRAIN_SIZE) return;
    // Numbers of such different sizes that another order of summation gives other bits.
    std::vector<float> matrix(static_cast<size_t>(rows * columns));
    uint32_t state = 12345;
    for (float &value : matrix) {
        state = state * 1664525 + 1013904223;
        value = (static_cast<float>(state >> 8) / 8388608.0f - 1) * static_cast<float>(1 << (state >> 28));
    }
    std::vector<float> expected(static_cast<size_t>(columns)), found(static_cast<size_t>(columns));
    sum_with_tensors(matrix.data(), rows, columns, expected.data());
    for (const int64_t lanes : {8, 16, 4}) {
        sum_in_order(lanes, matrix.data(), rows, columns, found.data());
        if (std::memcmp(found.data(), expected.data(), found.size() * sizeof(float)) == 0) {
            lanes_ = lanes;
            return;
        }
    }
}

void ColumnSum::operator()(const float *matrix, float *result) const {
    if (lanes_ == 0) return sum_with_tensors(matrix, rows_, columns_, result);
    sum_in_order(lanes_, matrix, rows_, columns_, result);
}

}  // namespace ctk::direct
