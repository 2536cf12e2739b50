#include "TapMajor.h"

namespace ctk {

bool is_tap_major(const at::Tensor &weight) {
    if (weight.dim() != 4) return false;
    int64_t expected = 1;
    for (const int64_t dimension : {0, 1, 3, 2}) {
        if (weight.size(dimension) != 1 && weight.stride(dimension) != expected) return false;
        expected *= weight.size(dimension);
    }
    return true;
}

at::Tensor tap_major(const at::Tensor &weight) {
    return is_tap_major(weight) ? weight : weight.permute({2, 3, 1, 0}).contiguous().permute({3, 2, 0, 1});
}

}  // namespace ctk
