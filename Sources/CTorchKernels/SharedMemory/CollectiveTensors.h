#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#include <cstddef>
#include <vector>

namespace ctk {
/// The tensors that c10d hands to a collective on one rank.
using Tensors = std::vector<at::Tensor>;

/// The one tensor of a rank, which lies in the CPU's memory.
inline const at::Tensor &only(const Tensors &tensors) {
    TORCH_CHECK(tensors.size() == 1, "shared memory takes one tensor a rank, not ", tensors.size());
    const auto &tensor = tensors.front();
    TORCH_CHECK(
        tensor.device().is_cpu() && !tensor.is_sparse(), "shared memory carries dense tensors of the CPU, not one of ",
        tensor.device());
    return tensor;
}

/// Where the elements of a contiguous tensor begin.
inline std::byte *bytes(const at::Tensor &tensor) { return static_cast<std::byte *>(tensor.mutable_data_ptr()); }
} // namespace ctk
