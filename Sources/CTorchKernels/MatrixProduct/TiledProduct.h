// Products of matrices with the vector instructions that the processor has.
#pragma once

#include "Matrix.h"

#include "../InstructionSets/Kernels.h"

namespace ctk {

/// `result = left · right`, plus `bias` in each row unless that is null; `result` is contiguous, (left.rows,
/// right.columns).
///
/// Each element is one chain of fused multiply-adds in the order of `left`'s columns, from the bias or zero on: the bits
/// depend neither on the number of threads, nor on how many rows and columns the result has, nor on the length of vectors.
///
/// Of each operand either the elements of rows or those of columns lie next to each other.
void tiled_product(
    const TileKernels &kernels, const Matrix &left, const Matrix &right, float *result, const float *bias);

}  // namespace ctk
