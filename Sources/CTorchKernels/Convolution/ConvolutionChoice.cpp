#include "ConvolutionChoice.h"

#include "TapConvolution.h"

namespace ctk {

bool chooses_taps(
    const at::Tensor &input, const at::Tensor &weight, at::IntArrayRef stride, at::IntArrayRef padding) {
    if (!is_tap_major(weight) || !can_convolve_by_taps(input, weight)) return false;
    const ConvolutionShape shape = convolution_shape(input, weight, stride, padding);
    return shape.batch >= 4 && shape.height.output() * shape.width.output() <= 1024;
}

}  // namespace ctk
