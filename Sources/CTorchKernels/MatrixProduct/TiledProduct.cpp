#include "TiledProduct.h"

#include "Transposition.h"

#include "../Threads/Parallel.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

namespace ctk {

namespace {
/// Steps whose rows of B stay in the first-level cache while the tiles of a panel pass over them.
constexpr int64_t cached_depth = 256;
constexpr int64_t cached_elements = 1 << 17;
constexpr int64_t page_elements = 1 << 10;
/// Fewer multiplications are done before another thread has woken up.
constexpr int64_t multiplications_of_a_thread = 1 << 19;
constexpr int most_rows = 12, most_columns = 32;

/// Memory of this thread that is kept between products.
float *scratch(size_t count) {
    struct Free {
        void operator()(float *memory) const { ::operator delete(memory, std::align_val_t(64)); }
    };
    static thread_local std::unique_ptr<float, Free> memory;
    static thread_local size_t capacity = 0;
    if (count > capacity) {
        memory.reset();
        capacity = 0;
        memory.reset(static_cast<float *>(::operator new(count * sizeof(float), std::align_val_t(64))));
        capacity = count;
    }
    return memory.get();
}

/// A product, or the transposed product, in the form that tiles take: rows of A against panels of B's columns.
struct Problem {
    int64_t rows, columns, depth;
    const float *a;
    int64_t a_row_stride, a_stride;
    /// B's rows in memory; null where its panels are packed.
    const float *b;
    int64_t b_stride;
    const float *packed;
    float *c;
    int64_t ldc;
    /// Whether row i of the problem is column i of C.
    bool is_transposed;
    /// What the sums begin with, for each column of C; null for zeros.
    const float *bias;
};

/// The tiles of some rows of a panel.
class Panel {
  public:
    Panel(const Problem &problem, const TileKernels &kernel, int64_t number)
        : problem_(problem),
          kernel_(kernel),
          first_(number * kernel.columns),
          width_(std::min<int64_t>(kernel.columns, problem.columns - first_)),
          is_whole_(width_ == kernel.columns && !problem.is_transposed) {
        b_ = problem.packed != nullptr ? problem.packed + first_ * problem.depth : problem.b + first_;
        b_stride_ = problem.packed != nullptr ? kernel.columns : problem.b_stride;
    }

    void run(int64_t first_row, int64_t end_row) const {
        // Sums that pass through a buffer would pass through it for each part of the depth.
        const int64_t depth = is_whole_ ? cached_depth : std::max<int64_t>(1, problem_.depth);
        int64_t from = 0;
        do {
            const int64_t steps = std::min(depth, problem_.depth - from);
            const int64_t count = end_row - first_row;
            const int64_t tiles = (count + kernel_.rows - 1) / kernel_.rows;
            for (int64_t i = 0; i < tiles; ++i) {
                run(first_row + count * i / tiles, first_row + count * (i + 1) / tiles, from, steps);
            }
            from += depth;
        } while (from < problem_.depth);
    }

  private:
    void run(int64_t row, int64_t end_row, int64_t from, int64_t steps) const {
        const auto rows = static_cast<int>(end_row - row);
        Tile tile{
            .a = problem_.a + row * problem_.a_row_stride + from * problem_.a_stride,
            .a_row_stride = problem_.a_row_stride,
            .a_stride = problem_.a_stride,
            .b = b_ + from * b_stride_,
            .b_stride = b_stride_,
            .depth = steps,
            .start = nullptr,
            .start_row_stride = 0,
            .starts_with_row_values = false,
            .c = nullptr,
            .c_row_stride = 0};
        if (is_whole_) {
            tile.c = problem_.c + row * problem_.ldc + first_;
            tile.c_row_stride = problem_.ldc;
            if (from > 0) {
                tile.start = tile.c;
                tile.start_row_stride = tile.c_row_stride;
            } else if (problem_.bias != nullptr) {
                tile.start = problem_.bias + first_;
            }
            return kernel_.functions[rows](tile);
        }
        alignas(64) float sums[most_rows * most_columns];
        tile.c = sums;
        tile.c_row_stride = kernel_.columns;
        alignas(64) float start[most_columns] = {};
        if (problem_.bias != nullptr && problem_.is_transposed) {
            tile.start = problem_.bias + row;
            tile.starts_with_row_values = true;
        } else if (problem_.bias != nullptr) {
            std::copy_n(problem_.bias + first_, width_, start);
            tile.start = start;
        }
        kernel_.functions[rows](tile);
        store(sums, row, rows);
    }

    void store(const float *sums, int64_t row, int rows) const {
        if (problem_.is_transposed) {
            transpose(sums, kernel_.columns, rows, width_, element(row, first_), problem_.ldc);
            return;
        }
        for (int i = 0; i < rows; ++i) {
            std::memcpy(
                element(row + i, first_), sums + i * kernel_.columns, sizeof(float) * static_cast<size_t>(width_));
        }
    }

    float *element(int64_t row, int64_t column) const {
        return problem_.is_transposed ? problem_.c + column * problem_.ldc + row
                                      : problem_.c + row * problem_.ldc + column;
    }

    const Problem &problem_;
    const TileKernels &kernel_;
    const int64_t first_, width_;
    const bool is_whole_;
    const float *b_;
    int64_t b_stride_;
};

/// Lays B's columns out panel by panel: row k of a panel holds its columns, and zeros where it has fewer.
///
/// B is stored as [depth, columns], or as [columns, depth] if it is transposed.
const float *packed(
    const float *b, int64_t ldb, bool is_transposed, int64_t depth, int64_t columns, const TileKernels &kernel) {
    const int64_t panels = (columns + kernel.columns - 1) / kernel.columns;
    float *memory = scratch(static_cast<size_t>(panels * kernel.columns * depth));
    const int64_t panel_size = kernel.columns * depth;
    parallel_for(0, panels, std::max<int64_t>(1, (1 << 16) / std::max<int64_t>(1, panel_size)), [&](int64_t begin, int64_t end) {
        for (int64_t panel = begin; panel < end; ++panel) {
            const int64_t first = panel * kernel.columns;
            const int64_t width = std::min<int64_t>(kernel.columns, columns - first);
            float *to = memory + panel * panel_size;
            if (width < kernel.columns) std::memset(to, 0, sizeof(float) * static_cast<size_t>(panel_size));
            if (is_transposed) {
                transpose(b + first * ldb, ldb, width, depth, to, kernel.columns);
            } else {
                for (int64_t k = 0; k < depth; ++k) {
                    std::memcpy(to + k * kernel.columns, b + k * ldb + first, sizeof(float) * static_cast<size_t>(width));
                }
            }
        }
    });
    return memory;
}

void run(const Problem &problem, const TileKernels &kernel) {
    const int64_t panels = (problem.columns + kernel.columns - 1) / kernel.columns;
    // Rows of A that stay in the second-level cache while the panels pass.
    int64_t bands = 1 + problem.rows * problem.depth / cached_elements;
    // Few panels are cut across, so that all threads have a part.
    const int threads = thread_count();
    if (threads > 1 && panels % threads != 0 && panels < 4 * threads) bands = std::max<int64_t>(bands, threads);
    bands = std::clamp<int64_t>(bands, 1, std::max<int64_t>(1, problem.rows / kernel.rows));
    const int64_t work = problem.rows * kernel.columns * std::max<int64_t>(1, problem.depth) / bands;
    // Bands outermost: neighbouring parts share them or the panel.
    parallel_for(0, panels * bands, multiplications_of_a_thread / work + 1, [&](int64_t begin, int64_t end) {
        for (int64_t part = begin; part < end; ++part) {
            const int64_t band = part / panels;
            Panel(problem, kernel, part % panels).run(problem.rows * band / bands, problem.rows * (band + 1) / bands);
        }
    });
}
}  // namespace

void tiled_product(
    const TileKernels &kernel, const Matrix &left, const Matrix &right, float *result, const float *bias) {
    const int64_t m = left.rows, n = right.columns, k = left.columns;
    if (m <= 0 || n <= 0) return;
    // A right operand stored by columns has to be packed. Seen from the side, the right operand is what the left one was,
    // which is never packed; and the left one is packed where it is not stored by columns itself.
    const bool is_right_by_columns = right.column_stride != 1;
    const bool is_turned = is_right_by_columns && (left.column_stride != 1 || m <= n);
    const Matrix rows = is_turned ? right.transposed() : left, columns = is_turned ? left.transposed() : right;
    Problem problem{};
    problem.depth = k;
    problem.c = result;
    problem.ldc = n;
    problem.bias = bias;
    problem.is_transposed = is_turned;
    problem.rows = rows.rows;
    problem.columns = columns.columns;
    problem.a = rows.data;
    problem.a_row_stride = rows.row_stride;
    problem.a_stride = rows.column_stride;
    const bool is_by_columns = columns.column_stride != 1;
    const int64_t stride = is_by_columns ? columns.column_stride : columns.row_stride;
    // Rows that lie a page apart share few lines of the caches.
    const bool is_aliased = stride % page_elements == 0 && problem.rows > 4 * kernel.rows && k > cached_depth / 4;
    if (is_by_columns || is_aliased || problem.columns % kernel.columns != 0) {
        problem.packed = packed(columns.data, stride, is_by_columns, k, problem.columns, kernel);
    } else {
        problem.b = columns.data;
        problem.b_stride = stride;
    }
    run(problem, kernel);
}

}  // namespace ctk
