#include "Tile.h"

#include <array>
#include <utility>

#if defined(__x86_64__)

#define CTK_NAMESPACE avx512
#define CTK_TARGET __attribute__((target("avx512f,avx512vl,avx512dq,fma")))
#define CTK_LANES 16
#define CTK_ROWS 12
#include "TileKernel.inl"

#define CTK_NAMESPACE avx2
#define CTK_TARGET __attribute__((target("avx2,fma")))
#define CTK_LANES 8
#define CTK_ROWS 6
#include "TileKernel.inl"

#endif

// What every processor of the architecture has.
#define CTK_NAMESPACE generic
#define CTK_TARGET
#define CTK_LANES 4
#define CTK_ROWS 6
#include "TileKernel.inl"

namespace ctk {

const TileKernel &tile_kernel() {
    static const TileKernel chosen = [] {
#if defined(__x86_64__)
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
            __builtin_cpu_supports("avx512dq")) {
            return TileKernel{"avx512", 12, 32, avx512::functions.data()};
        }
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
            return TileKernel{"avx2", 6, 16, avx2::functions.data()};
        }
#endif
        return TileKernel{"generic", 6, 8, generic::functions.data()};
    }();
    return chosen;
}

}  // namespace ctk
