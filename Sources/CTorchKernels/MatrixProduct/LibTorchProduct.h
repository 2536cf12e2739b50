// Products of matrices as LibTorch's `mm` and `addmm` compute them, without their dispatch.
#pragma once

#include "Matrix.h"

namespace ctk {

/// `result = left · right`, plus `bias` in each row unless that is null; `result` is contiguous, (left.rows,
/// right.columns).
void libtorch_product(const Matrix &left, const Matrix &right, float *result, const float *bias);

}  // namespace ctk
