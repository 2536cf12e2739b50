// A tile of a product: as many rows and columns as fit into vector registers.
#pragma once

#include <cstdint>

namespace ctk {

/// What the innermost loop works on; strides in elements.
struct Tile {
    /// The element of row i and step k is at i * a_row_stride + k * a_stride.
    const float *a;
    int64_t a_row_stride, a_stride;
    /// The row of step k begins at k * b_stride.
    const float *b;
    int64_t b_stride;
    int64_t depth;
    /// What the sums begin with, row by row; null for zeros.
    const float *start;
    int64_t start_row_stride;
    /// Whether `start` has one value for each row instead.
    bool starts_with_row_values;
    float *c;
    int64_t c_row_stride;
};

/// The loops of one set of instructions; see TileKernels.h.
struct TileKernels {
    /// A tile's most rows, and its columns.
    int rows, columns;
    /// By the number of rows.
    void (*const *functions)(const Tile &);
};

}  // namespace ctk
