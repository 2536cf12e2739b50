#include "MatrixProduct.h"

#include "LibTorchProduct.h"
#include "TiledProduct.h"

namespace ctk {

void multiply(const Matrix &left, const Matrix &right, float *result, const float *bias) {
    if (const Kernels *const found = kernels()) {
        tiled_product(found->tiles, left, right, result, bias);
    } else {
        libtorch_product(left, right, result, bias);
    }
}

}  // namespace ctk
