#include "ConvolutionChoice.h"

#include "../InstructionSets/Kernels.h"
#include "../Threads/Parallel.h"
#include "ConvolutionGeometry.h"
#include "TapConvolution.h"
#include "TapMajor.h"

namespace ctk {
namespace {

thread_local std::optional<ConvolutionAlgorithm> selected;

/// Where the table has no entry.
///
/// Of large images little is padding, and a tile of the kernels for taps has several images.
ConvolutionAlgorithm by_rule(const ConvolutionShape &shape) {
    const int64_t positions = shape.height.output() * shape.width.output();
    if (shape.batch < 4) return ConvolutionAlgorithm::libtorch;
    if (positions <= 4 * 4) return ConvolutionAlgorithm::taps;
    if (shape.taps() == 1) return ConvolutionAlgorithm::columns;
    return positions <= 12 * 12 ? ConvolutionAlgorithm::taps : ConvolutionAlgorithm::libtorch;
}

/// Whether the convolutions of this folder take them: dense, on the CPU, of one type that has kernels.
bool are_usable(const at::Tensor &input, const at::Tensor &weight) {
    const auto type = input.scalar_type();
    return input.is_cpu() && weight.is_cpu() && input.layout() == at::kStrided && weight.layout() == at::kStrided &&
           input.dim() == 4 && weight.dim() == 4 && input.numel() > 0 && weight.numel() > 0 &&
           weight.scalar_type() == type && (type == at::kFloat || type == at::kDouble) && is_tap_major(weight) &&
           input.size(1) == weight.size(1);
}

bool are_usable(at::IntArrayRef stride, at::IntArrayRef padding) {
    const auto is_within = [](int64_t value, int64_t least) {
        return value >= least && value < ConvolutionGeometry::limit;
    };
    return is_within(stride[0], 1) && is_within(stride[1], 1) && is_within(padding[0], 0) && is_within(padding[1], 0);
}

}  // namespace

void select_algorithm(std::optional<ConvolutionAlgorithm> algorithm) { selected = algorithm; }

ConvolutionAlgorithm chosen_algorithm(
    const at::Tensor &input, const at::Tensor &weight, at::IntArrayRef stride, at::IntArrayRef padding) {
    // LibTorch has the messages for what cannot be meant.
    if (kernels() == nullptr || !are_usable(input, weight) || !are_usable(stride, padding)) {
        return ConvolutionAlgorithm::libtorch;
    }
    const ConvolutionShape shape = ConvolutionGeometry{stride, padding}.shape(input, weight);
    if (shape.height.output() < 1 || shape.width.output() < 1) return ConvolutionAlgorithm::libtorch;
    const auto wanted = [&] {
        if (selected.has_value()) return *selected;
        const auto found =
            ConvolutionTable::current().find({kernels()->name, input.scalar_type(), thread_count(), shape});
        return found.value_or(by_rule(shape));
    }();
    const bool is_possible = wanted != ConvolutionAlgorithm::taps || can_convolve_by_taps(weight);
    return is_possible ? wanted : ConvolutionAlgorithm::libtorch;
}

at::Tensor arranged_for_libtorch(const at::Tensor &input, const at::Tensor &weight) {
    const bool has_others = kernels() != nullptr && are_usable(input, weight);
    return has_others ? input.contiguous(at::MemoryFormat::ChannelsLast) : input;
}

}  // namespace ctk
