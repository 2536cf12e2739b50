// Products of float32 matrices, for those that have no tensors at hand.
#ifndef LOCKSTEP_CTORCH_MATRIX_PRODUCT_H
#define LOCKSTEP_CTORCH_MATRIX_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

enum {
    CTK_START_ZERO = 0,
    /// C is added to.
    CTK_START_ACCUMULATE = 1,
    /// C's rows begin as `bias`.
    CTK_START_BIAS = 2,
};

/// C[m,n] = start + op(A)[m,k] · op(B)[k,n], all row by row; strides in elements. See MatrixProduct.h.
void ctk_matrix_product(
    bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b,
    int64_t ldb, float *c, int64_t ldc, int32_t start, const float *_Nullable bias);

/// The instructions that products use here: `avx512`, `avx2` or `generic`.
const char *ctk_matrix_product_instructions(void);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
#endif
