// Products of matrices as LibTorch's `mm` and `addmm` compute them, without their dispatch.
#pragma once

#include <cstdint>

namespace ctk::direct {

/// A matrix in memory, with LibTorch's strides in elements.
struct Matrix {
    const float *data;
    int64_t rows, columns;
    int64_t row_stride, column_stride;

    static Matrix contiguous(const float *data, int64_t rows, int64_t columns) {
        return {data, rows, columns, columns, 1};
    }
    Matrix transposed() const { return {data, columns, rows, column_stride, row_stride}; }
};

/// `result = left · right`, or `result += left · right`; `result` is contiguous, (left.rows, right.columns).
void multiply(const Matrix &left, const Matrix &right, float *result, bool adds);

}  // namespace ctk::direct
