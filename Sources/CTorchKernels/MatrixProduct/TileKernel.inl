// The innermost loops of a product for one instruction set. Included with
//   CTK_NAMESPACE  a namespace of its own
//   CTK_TARGET     the function attribute that names the instructions
//   CTK_LANES      floats in a vector
//   CTK_ROWS       the most rows whose sums fit into registers

namespace ctk::CTK_NAMESPACE {

typedef float Vector __attribute__((ext_vector_type(CTK_LANES)));
typedef float InMemory __attribute__((ext_vector_type(CTK_LANES), aligned(4), may_alias));

constexpr int lanes = CTK_LANES;

template <int ROWS>
CTK_TARGET void run(const Tile &tile) {
    Vector sums[ROWS][2];
#pragma clang loop unroll(full)
    for (int i = 0; i < ROWS; ++i) {
        if (tile.start == nullptr) {
            sums[i][0] = sums[i][1] = 0.0f;
        } else if (tile.starts_with_row_values) {
            sums[i][0] = sums[i][1] = tile.start[i];
        } else {
            const float *from = tile.start + i * tile.start_row_stride;
            sums[i][0] = *reinterpret_cast<const InMemory *>(from);
            sums[i][1] = *reinterpret_cast<const InMemory *>(from + lanes);
        }
    }
    const float *a = tile.a;
    const float *b = tile.b;
    for (int64_t k = 0; k < tile.depth; ++k) {
        const Vector first = *reinterpret_cast<const InMemory *>(b);
        const Vector second = *reinterpret_cast<const InMemory *>(b + lanes);
        // The rows of B lie apart: the processor does not guess the next ones.
        __builtin_prefetch(b + 16 * tile.b_stride);
        __builtin_prefetch(b + 16 * tile.b_stride + lanes);
#pragma clang loop unroll(full)
        for (int i = 0; i < ROWS; ++i) {
            const Vector factor = a[i * tile.a_row_stride];
            sums[i][0] = __builtin_elementwise_fma(factor, first, sums[i][0]);
            sums[i][1] = __builtin_elementwise_fma(factor, second, sums[i][1]);
        }
        a += tile.a_stride;
        b += tile.b_stride;
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < ROWS; ++i) {
        float *to = tile.c + i * tile.c_row_stride;
        *reinterpret_cast<InMemory *>(to) = sums[i][0];
        *reinterpret_cast<InMemory *>(to + lanes) = sums[i][1];
    }
}

template <int... ROWS>
constexpr std::array<TileFunction, sizeof...(ROWS) + 1> by_rows(std::integer_sequence<int, ROWS...>) {
    return {nullptr, &run<ROWS + 1>...};
}

constexpr auto functions = by_rows(std::make_integer_sequence<int, CTK_ROWS>());

}  // namespace ctk::CTK_NAMESPACE

#undef CTK_NAMESPACE
#undef CTK_TARGET
#undef CTK_LANES
#undef CTK_ROWS
