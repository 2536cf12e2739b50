// The matrix product of layers.
#pragma once

#include "Matrix.h"

namespace ctk {

/// `result = left · right`, plus `bias` in each row unless that is null; `result` is contiguous, (left.rows,
/// right.columns). Of each operand either the elements of rows or those of columns lie next to each other.
///
/// It is the tiled product where kernels are in use, and else LibTorch's, with LibTorch's bits.
void multiply(const Matrix &left, const Matrix &right, float *result, const float *bias = nullptr);

}  // namespace ctk
