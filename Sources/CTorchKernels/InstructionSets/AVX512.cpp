// The kernels for x86-64 with AVX-512: 32 registers of 16 floats.
#if defined(__x86_64__)
#include "StandardHeaders.h"

#include "Kernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512dq,avx512bw,avx512vl"))), apply_to = function)
#define CTK_KERNELS avx512
#define CTK_TABLE avx512_kernels
#define CTK_BYTES 64
#define CTK_FORWARD_ROWS 8
#define CTK_TILE_ROWS 12
#define CTK_GRADIENT_ROWS 6
#define CTK_GRADIENT_COLUMNS 4
#include "Vectors.h"

#include "../Convolution/TapKernels.h"
#include "../MatrixProduct/TileKernels.h"
#include "../Normalization/BatchNormKernels.h"
#include "../Optimizers/UpdateKernels.h"
#pragma clang attribute pop
#include "KernelTable.h"
#endif
