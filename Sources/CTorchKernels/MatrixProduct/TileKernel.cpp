#include "Tile.h"

#include "../InstructionSets/Kernels.h"

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
#if defined(__x86_64__)
    static const TileKernel with_avx512{"avx512", 12, 32, avx512::functions.data()};
    static const TileKernel with_avx2{"avx2", 6, 16, avx2::functions.data()};
    const Kernels *const selected = kernels();
    if (selected == &avx512_kernels) return with_avx512;
    if (selected == &avx2_kernels) return with_avx2;
#endif
    static const TileKernel with_any{"generic", 6, 8, generic::functions.data()};
    return with_any;
}

}  // namespace ctk
