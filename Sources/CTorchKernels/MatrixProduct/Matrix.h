// Matrices that are multiplied.
#pragma once

#include <cstdint>

namespace ctk {

/// A float32 matrix in memory, with LibTorch's strides in elements.
struct Matrix {
    const float *data;
    int64_t rows, columns;
    int64_t row_stride, column_stride;

    static Matrix contiguous(const float *data, int64_t rows, int64_t columns) {
        return {data, rows, columns, columns, 1};
    }
    Matrix transposed() const { return {data, columns, rows, column_stride, row_stride}; }
};

}  // namespace ctk
