// The kernels of one instruction set, and which one this machine has.
#pragma once

#include "../Convolution/ConvolutionShape.h"
#include "../MatrixProduct/Tile.h"
#include "../Normalization/NormalizationTask.h"
#include "../Optimizers/UpdateNumbers.h"

#include <vector>

namespace ctk {

/// The three products of a convolution; each call computes one part of several. See Convolution/TapKernels.h.
template <class T>
struct ConvolutionKernels {
    void (*forward)(const ConvolutionShape &, const T *input, const T *weight, T *output, int part, int parts);
    void (*input_gradient)(
        const ConvolutionShape &, const T *gradient, const T *weight, T *result, int part, int parts);
    void (*weight_gradient)(
        const ConvolutionShape &, const T *input, const T *gradient, T *result, int part, int parts);
};

/// Batch normalisation; each call computes one part of several.
template <class T>
struct NormalizationKernels {
    void (*forward)(const NormalizationForward<T> &, int part, int parts);
    void (*backward)(const NormalizationBackward<T> &, int part, int parts);
};

struct UpdateKernels {
    void (*sgd)(const UpdateSpan &, const SGDNumbers &);
    void (*adam)(const UpdateSpan &, const AdamNumbers &);
};

template <class T>
struct LayerKernels {
    /// The elements of a vector; what vectors run along has to be a multiple of it.
    int lanes;
    ConvolutionKernels<T> convolution;
    NormalizationKernels<T> normalization;
};

struct Kernels {
    /// `avx512`, `avx2` or `neon`.
    const char *name;
    LayerKernels<float> single_precision;
    LayerKernels<double> double_precision;
    TileKernels tiles;
    UpdateKernels updates;

    template <class T>
    const LayerKernels<T> &layers() const;
};
template <>
inline const LayerKernels<float> &Kernels::layers() const { return single_precision; }
template <>
inline const LayerKernels<double> &Kernels::layers() const { return double_precision; }

/// The kernels of the widest instruction set that this machine has, or of the one selected on this thread; null where
/// there are none.
const Kernels *kernels();

/// Lets this thread do without kernels, or have them again; pauses nest.
void pause_kernels(bool is_paused);

/// The kernels for an operation that the graph has recorded: also where this thread has turned to LibTorch alone since.
const Kernels &recorded_kernels();

/// The kernels that this machine can run, the widest first.
std::vector<const Kernels *> available_kernels();

/// Uses the kernels of one instruction set on this thread: its name, `none` for LibTorch alone, or null for the widest
/// again. False where this machine does not have it.
bool select_kernels(const char *name);

// Each is defined where the compiler knows the instructions; a machine may lack them.
extern const Kernels avx512_kernels;
extern const Kernels avx2_kernels;
extern const Kernels neon_kernels;

}  // namespace ctk
