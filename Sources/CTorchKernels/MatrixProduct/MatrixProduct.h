// Products of float32 matrices, with the vector instructions that the processor has.
#pragma once

#include <cstdint>

namespace ctk {

/// What a product is added to.
enum class ProductStart {
    zero,
    /// What C holds.
    accumulate,
    /// A row vector, in each row of C.
    bias,
};

/// C[m,n] = start + op(A)[m,k] · op(B)[k,n]; all row by row in memory, `ld…` elements from row to row.
///
/// Each element is one chain of fused multiply-adds in the order of k, from the start on: the bits depend neither on the
/// number of threads, nor on the sizes m and n, nor on the vector length, as long as the processor can fuse.
///
/// - transpose_a: A is stored as [k,m].
/// - transpose_b: B is stored as [n,k].
void matrix_product(
    bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b,
    int64_t ldb, float *c, int64_t ldc, ProductStart start = ProductStart::zero, const float *bias = nullptr);

/// The instructions that `matrix_product` uses here: `avx512`, `avx2` or `generic`.
const char *matrix_product_instructions();

}  // namespace ctk
