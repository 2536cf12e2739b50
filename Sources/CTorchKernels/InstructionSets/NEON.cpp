// The kernels for arm64: 32 registers of 4 floats.
#if defined(__aarch64__)
#include "StandardHeaders.h"

#include "Kernels.h"

#define CTK_KERNELS neon
#define CTK_TABLE neon_kernels
#define CTK_BYTES 16
#define CTK_FORWARD_ROWS 8
#define CTK_TILE_ROWS 12
#define CTK_GRADIENT_ROWS 6
#define CTK_GRADIENT_COLUMNS 4
#include "Vectors.h"

#include "../Convolution/TapKernels.h"
#include "../MatrixProduct/TileKernels.h"
#include "../Normalization/BatchNormKernels.h"
#include "../Optimizers/UpdateKernels.h"

#include "KernelTable.h"
#endif
