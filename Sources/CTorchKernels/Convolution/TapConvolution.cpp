#include "TapConvolution.h"

#include "../InstructionSets/Kernels.h"
#include "../Threads/Parallel.h"
#include "ConvolutionFunction.h"

namespace ctk {
namespace {

/// Calls `body(part, parts)` on each thread; small products stay on this one.
template <class Body>
void share(const ConvolutionShape &shape, Body &&body) {
    constexpr int64_t least = 1 << 18;
    in_parallel(shape.product_count(), least, body);
}

struct TapProducts {
    template <class T>
    static void forward(const ConvolutionShape &shape, const T *input, const T *weight, T *output) {
        const auto product = recorded_kernels().layers<T>().convolution.forward;
        share(shape, [&](int part, int parts) { product(shape, input, weight, output, part, parts); });
    }

    template <class T>
    static void weight_gradient(const ConvolutionShape &shape, const T *input, const T *gradient, T *result) {
        const auto product = recorded_kernels().layers<T>().convolution.weight_gradient;
        share(shape, [&](int part, int parts) { product(shape, input, gradient, result, part, parts); });
    }

    template <class T>
    static void input_gradient(const ConvolutionShape &shape, const T *gradient, const T *weight, T *result) {
        const auto product = recorded_kernels().layers<T>().convolution.input_gradient;
        share(shape, [&](int part, int parts) { product(shape, gradient, weight, result, part, parts); });
    }
};

}  // namespace

bool can_convolve_by_taps(const at::Tensor &weight) {
    if (kernels() == nullptr) return false;
    const int lanes = weight.scalar_type() == at::kDouble ? kernels()->double_precision.lanes
                                                          : kernels()->single_precision.lanes;
    return weight.size(0) % lanes == 0;
}

at::Tensor tap_convolution(
    const at::Tensor &input, const at::Tensor &weight, at::IntArrayRef stride, at::IntArrayRef padding) {
    return ConvolutionFunction<TapProducts>::apply(
        input.contiguous(at::MemoryFormat::ChannelsLast), weight, ConvolutionGeometry{stride, padding});
}

}  // namespace ctk
