// Turning a matrix.
#pragma once

#include <cstdint>

namespace ctk {

/// to[j, i] = from[i, j] for a [rows, columns] matrix; strides from row to row, in elements.
void transpose(
    const float *from, int64_t from_stride, int64_t rows, int64_t columns, float *to, int64_t to_stride);

}  // namespace ctk
