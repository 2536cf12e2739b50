#include "LibTorchProduct.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/addmm_cpu_dispatch.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm_cpu_dispatch.h>

#include <algorithm>
#include <cstring>
#include <limits>

// The BLAS that LibTorch was built with; it is not exported by every LibTorch.
extern "C" __attribute__((weak)) void sgemm_(
    const char *transpose_a, const char *transpose_b, const int *m, const int *n, const int *k, const float *alpha,
    const float *a, const int *lda, const float *b, const int *ldb, const float *beta, float *c, const int *ldc);

namespace ctk {
namespace {

at::Tensor tensor(const Matrix &matrix) {
    return at::from_blob(
        const_cast<float *>(matrix.data), {matrix.rows, matrix.columns}, {matrix.row_stride, matrix.column_stride},
        at::TensorOptions().dtype(at::kFloat));
}

void multiply_with_tensors(const Matrix &left, const Matrix &right, float *result, bool adds) {
    at::Tensor out = tensor(Matrix::contiguous(result, left.rows, right.columns));
    if (adds) {
        at::cpu::addmm_out(out, out, tensor(left), tensor(right), 1, 1);
    } else {
        at::cpu::mm_out(out, tensor(left), tensor(right));
    }
}

/// How a matrix is passed to a BLAS, which thinks in columns.
struct Operand {
    bool fits, is_transposed;
    int64_t leading;
};

Operand operand(int64_t row_stride, int64_t column_stride, int64_t rows, int64_t columns) {
    if (row_stride == 1 && column_stride >= std::max<int64_t>(1, rows)) return {true, false, column_stride};
    if (column_stride == 1 && row_stride >= std::max<int64_t>(1, columns)) return {true, true, row_stride};
    return {false, false, 0};
}

bool is_small(int64_t value) { return value <= std::numeric_limits<int>::max(); }

}  // namespace

// The bits of a product depend on how the BLAS is asked for it: order, transposition and leading dimensions are those
// that LibTorch chooses.
void libtorch_product(const Matrix &left, const Matrix &right, float *result, const float *bias) {
    const int64_t rows = left.rows, columns = right.columns, k = left.columns;
    const bool adds = bias != nullptr;
    for (int64_t row = 0; adds && row < rows; ++row) {
        std::memcpy(result + row * columns, bias, static_cast<size_t>(columns) * sizeof(float));
    }
    if (sgemm_ == nullptr || k == 0 || rows == 0 || columns == 0) {
        return multiply_with_tensors(left, right, result, adds);
    }
    // A contiguous result is a transposed one in columns, unless it has one column and one row reads the same.
    const bool swaps = !(columns == 1 && rows == 1);
    const Matrix a_source = swaps ? right.transposed() : left;
    const Matrix b_source = swaps ? left.transposed() : right;
    const int64_t m = swaps ? columns : rows, n = swaps ? rows : columns;

    Operand a = operand(a_source.row_stride, a_source.column_stride, m, k);
    Operand b = operand(b_source.row_stride, b_source.column_stride, k, n);
    int64_t ldc = columns;
    if (!a.fits || !b.fits) return multiply_with_tensors(left, right, result, adds);
    if (n == 1) ldc = m;
    if (a.is_transposed) {
        if (m == 1) a.leading = k;
    } else if (k == 1) {
        a.leading = m;
    }
    if (b.is_transposed) {
        if (k == 1) b.leading = n;
    } else if (n == 1) {
        b.leading = k;
    }
    if (!is_small(m) || !is_small(n) || !is_small(k) || !is_small(a.leading) || !is_small(b.leading) ||
        !is_small(ldc)) {
        return multiply_with_tensors(left, right, result, adds);
    }
    const char transpose_a = a.is_transposed ? 't' : 'n', transpose_b = b.is_transposed ? 't' : 'n';
    const int m_ = static_cast<int>(m), n_ = static_cast<int>(n), k_ = static_cast<int>(k);
    const int lda = static_cast<int>(a.leading), ldb = static_cast<int>(b.leading), ldc_ = static_cast<int>(ldc);
    const float alpha = 1, beta = adds ? 1 : 0;
    sgemm_(
        &transpose_a, &transpose_b, &m_, &n_, &k_, &alpha, a_source.data, &lda, b_source.data, &ldb, &beta, result,
        &ldc_);
}

}  // namespace ctk
