// The table of the kernels that were compiled for one instruction set. Included last, after CTK_TABLE is defined.

#define CTK_TEXT(name) CTK_TEXT_OF(name)
#define CTK_TEXT_OF(name) #name

namespace ctk::CTK_KERNELS {
template <class T>
constexpr LayerKernels<T> layer_kernels() {
    return {
        lanes<T>,
        {forward<T>, input_gradient<T>, weight_gradient<T>},
        {batch_norm_forward<T>, batch_norm_backward<T>},
    };
}
}  // namespace ctk::CTK_KERNELS

namespace ctk {
extern const Kernels CTK_TABLE = {
    CTK_TEXT(CTK_KERNELS),
    CTK_KERNELS::layer_kernels<float>(),
    CTK_KERNELS::layer_kernels<double>(),
    {CTK_TILE_ROWS, 2 * CTK_KERNELS::lanes<float>, CTK_KERNELS::tile_functions.data()},
    {CTK_KERNELS::sgd, CTK_KERNELS::adam},
};
}  // namespace ctk
