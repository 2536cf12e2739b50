// Element-wise operations and products.
#include "Guard.h"

#include <ATen/ops/abs.h>
#include <ATen/ops/add.h>
#include <ATen/ops/atan2.h>
#include <ATen/ops/ceil.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/copy.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/div.h>
#include <ATen/ops/dot.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/erf.h>
#include <ATen/ops/erfinv.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/expm1.h>
#include <ATen/ops/fill.h>
#include <ATen/ops/floor.h>
#include <ATen/ops/floor_divide.h>
#include <ATen/ops/ge.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/isinf.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/le.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/log.h>
#include <ATen/ops/log1p.h>
#include <ATen/ops/log2.h>
#include <ATen/ops/logical_and.h>
#include <ATen/ops/logical_not.h>
#include <ATen/ops/logical_or.h>
#include <ATen/ops/logical_xor.h>
#include <ATen/ops/lt.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/ne.h>
#include <ATen/ops/neg.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/remainder.h>
#include <ATen/ops/round.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/rsub.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/sign.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/square.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/tan.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/trunc.h>
#include <ATen/ops/where.h>

using namespace ctorch;

#define CT_DEFINE_UNARY(name)                                                                        \
    ct_tensor ct_##name(ct_tensor self) {                                                            \
        return guarded([&] { return at::name(Borrowed(self)); });                                    \
    }
CT_UNARY_OPERATIONS(CT_DEFINE_UNARY)

#define CT_DEFINE_BINARY(name)                                                                       \
    ct_tensor ct_##name(ct_tensor self, ct_tensor other) {                                           \
        return guarded([&] { return at::name(*Borrowed(self), *Borrowed(other)); });                 \
    }
CT_BINARY_OPERATIONS(CT_DEFINE_BINARY)

#define CT_DEFINE_BINARY_SCALAR(name)                                                                \
    ct_tensor ct_##name##_scalar(ct_tensor self, ct_scalar other) {                                  \
        return guarded([&] { return at::name(*Borrowed(self), scalar(other)); });                    \
    }
CT_BINARY_SCALAR_OPERATIONS(CT_DEFINE_BINARY_SCALAR)

ct_tensor ct_rsub_scalar(ct_tensor self, ct_scalar other) {
    return guarded([&] { return at::rsub(*Borrowed(self), scalar(other)); });
}
ct_tensor ct_rpow_scalar(ct_scalar base, ct_tensor exponent) {
    return guarded([&] { return at::pow(scalar(base), *Borrowed(exponent)); });
}
ct_tensor ct_clamp(ct_tensor self, const ct_scalar *low, const ct_scalar *high) {
    return guarded([&] { return at::clamp(Borrowed(self), scalar(low), scalar(high)); });
}
ct_tensor ct_where(ct_tensor condition, ct_tensor self, ct_tensor other) {
    return guarded([&] { return at::where(*Borrowed(condition), *Borrowed(self), *Borrowed(other)); });
}
ct_tensor ct_lerp(ct_tensor self, ct_tensor end, double weight) {
    return guarded([&] { return at::lerp(*Borrowed(self), *Borrowed(end), weight); });
}
ct_tensor ct_einsum(const char *equation, const ct_tensor *tensors, int32_t count) {
    return guarded([&] { return at::einsum(equation, retained(tensors, count)); });
}

bool ct_add_(ct_tensor self, ct_tensor other, ct_scalar alpha) {
    return attempted([&] { Borrowed(self)->add_(Borrowed(other), scalar(alpha)); });
}
bool ct_mul_(ct_tensor self, ct_tensor other) {
    return attempted([&] { Borrowed(self)->mul_(*Borrowed(other)); });
}
bool ct_div_(ct_tensor self, ct_tensor other) {
    return attempted([&] { Borrowed(self)->div_(*Borrowed(other)); });
}
bool ct_add_scalar_(ct_tensor self, ct_scalar other) {
    return attempted([&] { Borrowed(self)->add_(scalar(other)); });
}
bool ct_mul_scalar_(ct_tensor self, ct_scalar other) {
    return attempted([&] { Borrowed(self)->mul_(scalar(other)); });
}
bool ct_div_scalar_(ct_tensor self, ct_scalar other) {
    return attempted([&] { Borrowed(self)->div_(scalar(other)); });
}
bool ct_clamp_(ct_tensor self, const ct_scalar *low, const ct_scalar *high) {
    return attempted([&] { Borrowed(self)->clamp_(scalar(low), scalar(high)); });
}
bool ct_copy_(ct_tensor self, ct_tensor source) {
    return attempted([&] { Borrowed(self)->copy_(Borrowed(source)); });
}
bool ct_fill_(ct_tensor self, ct_scalar value) {
    return attempted([&] { Borrowed(self)->fill_(scalar(value)); });
}
bool ct_lerp_(ct_tensor self, ct_tensor end, double weight) {
    return attempted([&] { Borrowed(self)->lerp_(Borrowed(end), weight); });
}
