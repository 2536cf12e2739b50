#include "Transposition.h"

namespace ctk {

namespace {
typedef float Four __attribute__((ext_vector_type(4)));
typedef float InMemory __attribute__((ext_vector_type(4), aligned(4), may_alias));

inline void transpose_block(const float *from, int64_t from_stride, float *to, int64_t to_stride) {
    Four rows[4];
    for (int i = 0; i < 4; ++i) rows[i] = *reinterpret_cast<const InMemory *>(from + i * from_stride);
    const Four low01 = __builtin_shufflevector(rows[0], rows[1], 0, 4, 1, 5);
    const Four high01 = __builtin_shufflevector(rows[0], rows[1], 2, 6, 3, 7);
    const Four low23 = __builtin_shufflevector(rows[2], rows[3], 0, 4, 1, 5);
    const Four high23 = __builtin_shufflevector(rows[2], rows[3], 2, 6, 3, 7);
    const Four turned[4] = {
        __builtin_shufflevector(low01, low23, 0, 1, 4, 5), __builtin_shufflevector(low01, low23, 2, 3, 6, 7),
        __builtin_shufflevector(high01, high23, 0, 1, 4, 5), __builtin_shufflevector(high01, high23, 2, 3, 6, 7)};
    for (int i = 0; i < 4; ++i) *reinterpret_cast<InMemory *>(to + i * to_stride) = turned[i];
}
}  // namespace

void transpose(
    const float *from, int64_t from_stride, int64_t rows, int64_t columns, float *to, int64_t to_stride) {
    const int64_t whole_rows = rows & ~int64_t(3), whole_columns = columns & ~int64_t(3);
    for (int64_t j = 0; j < whole_columns; j += 4) {
        for (int64_t i = 0; i < whole_rows; i += 4) {
            transpose_block(from + i * from_stride + j, from_stride, to + j * to_stride + i, to_stride);
        }
    }
    for (int64_t i = 0; i < rows; ++i) {
        for (int64_t j = i < whole_rows ? whole_columns : 0; j < columns; ++j) {
            to[j * to_stride + i] = from[i * from_stride + j];
        }
    }
}

}  // namespace ctk
