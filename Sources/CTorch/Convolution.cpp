// Convolutions, and which algorithm computes them.
#include "Guard.h"

#include <Convolution/ColumnConvolution.h>
#include <Convolution/ConvolutionChoice.h>
#include <Convolution/TapConvolution.h>
#include <Convolution/TapMajor.h>

#include <ATen/ops/add.h>
#include <ATen/ops/conv2d.h>

using namespace ctorch;

ct_tensor ct_conv2d(
    ct_tensor input, ct_tensor weight, ct_tensor bias, const int64_t *stride, const int64_t *padding,
    const int64_t *dilation, int64_t groups) {
    return guarded([&] {
        const Borrowed images(input);
        const Borrowed kernel(weight);
        const auto biased = [&](const at::Tensor &output) {
            return bias == nullptr ? output : at::add(output, Borrowed(bias)->view({1, -1, 1, 1}));
        };
        at::Tensor arranged = *images;
        if (groups == 1 && dilation[0] == 1 && dilation[1] == 1) {
            switch (ctk::chosen_algorithm(images, kernel, pair(stride), pair(padding))) {
                case ctk::ConvolutionAlgorithm::taps:
                    return biased(ctk::tap_convolution(images, kernel, pair(stride), pair(padding)));
                case ctk::ConvolutionAlgorithm::columns:
                    return biased(ctk::column_convolution(images, kernel, pair(stride), pair(padding)));
                case ctk::ConvolutionAlgorithm::libtorch:
                    arranged = ctk::arranged_for_libtorch(images, kernel);
            }
        }
        return at::conv2d(
            arranged, *kernel, optional(bias), pair(stride), pair(padding), pair(dilation), groups);
    });
}
bool ct_convolution_table_use(const char *text, const char *name) {
    return attempted([&] { ctk::ConvolutionTable::use(ctk::ConvolutionTable(text, name)); });
}
const char *ct_convolution_table_name(void) { return ctk::ConvolutionTable::current().name().c_str(); }
const char *ct_convolution_table_checksum(void) { return ctk::ConvolutionTable::current().checksum().c_str(); }
void ct_select_convolution_algorithm(int32_t algorithm) {
    ctk::select_algorithm(
        algorithm < 0 ? std::nullopt : std::optional(static_cast<ctk::ConvolutionAlgorithm>(algorithm)));
}
ct_tensor ct_tap_major(ct_tensor weight) {
    return guarded([&] { return ctk::tap_major(Borrowed(weight)); });
}
