// The kernels for x86-64 with AVX2: 16 registers of 8 floats.
#if defined(__x86_64__)
#include "StandardHeaders.h"

#include "Kernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define CTK_KERNELS avx2
#define CTK_TABLE avx2_kernels
#define CTK_BYTES 32
#define CTK_FORWARD_ROWS 6
#define CTK_TILE_ROWS 6
#define CTK_GRADIENT_ROWS 4
#define CTK_GRADIENT_COLUMNS 2
#include "Vectors.h"

#include "../Convolution/TapKernels.h"
#include "../MatrixProduct/TileKernels.h"
#include "../Normalization/BatchNormKernels.h"
#include "../Optimizers/UpdateKernels.h"
#pragma clang attribute pop
#include "KernelTable.h"
#endif
