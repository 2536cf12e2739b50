// The innermost loops of a product. Included once for each instruction set, after Vectors.h; CTK_TILE_ROWS says how many
// rows of sums, two vectors each, fit into its registers.
#include "Tile.h"

#include <array>
#include <utility>

namespace ctk::CTK_KERNELS {

template <int Rows>
void tile(const Tile &given) {
    constexpr int width = lanes<float>;
    Vector<float> sums[Rows][2];
#pragma clang loop unroll(full)
    for (int i = 0; i < Rows; ++i) {
        if (given.start == nullptr) {
            sums[i][0] = sums[i][1] = Vector<float>{};
        } else if (given.starts_with_row_values) {
            for (int lane = 0; lane < width; ++lane) sums[i][0][lane] = given.start[i];
            sums[i][1] = sums[i][0];
        } else {
            const float *from = given.start + i * given.start_row_stride;
            sums[i][0] = load(from);
            sums[i][1] = load(from + width);
        }
    }
    const float *a = given.a;
    const float *b = given.b;
    for (int64_t k = 0; k < given.depth; ++k) {
        const Vector<float> first = load(b);
        const Vector<float> second = load(b + width);
        // The rows of B lie apart: the processor does not guess the next ones.
        __builtin_prefetch(b + 16 * given.b_stride);
        __builtin_prefetch(b + 16 * given.b_stride + width);
#pragma clang loop unroll(full)
        for (int i = 0; i < Rows; ++i) {
            const float factor = a[i * given.a_row_stride];
            sums[i][0] += factor * first;
            sums[i][1] += factor * second;
        }
        a += given.a_stride;
        b += given.b_stride;
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < Rows; ++i) {
        float *to = given.c + i * given.c_row_stride;
        store(to, sums[i][0]);
        store(to + width, sums[i][1]);
    }
}

template <int... Rows>
constexpr std::array<void (*)(const Tile &), sizeof...(Rows) + 1> tiles(std::integer_sequence<int, Rows...>) {
    return {nullptr, &tile<Rows + 1>...};
}

constexpr auto tile_functions = tiles(std::make_integer_sequence<int, CTK_TILE_ROWS>());

}  // namespace ctk::CTK_KERNELS
