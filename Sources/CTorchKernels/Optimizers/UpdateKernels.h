// One step of an optimizer over elements. Included once for each instruction set, after Vectors.h.
//
// The arithmetic is LibTorch's fused kernels', operation by operation.
#include "UpdateNumbers.h"

namespace ctk::CTK_KERNELS {

/// Calls `body` with vectors, and with single numbers for what is left.
template <class Body>
inline void over_elements(int64_t count, Body &&body) {
    constexpr int width = lanes<float>;
    int64_t i = 0;
    for (; i + width <= count; i += width) body(i, Vector<float>());
    for (; i < count; ++i) body(i, float());
}

template <class Value>
[[gnu::always_inline]] inline Value read(const float *address) {
    Value value;
    __builtin_memcpy(&value, address, sizeof(value));
    return value;
}
template <class Value>
[[gnu::always_inline]] inline void write(float *address, const Value &value) {
    __builtin_memcpy(address, &value, sizeof(value));
}

/// `kept * factor + first * second`, with the one rounding less where LibTorch's kernels have it: in vectors the second
/// product is not rounded, in single numbers the first.
template <class Value, class Second>
[[gnu::always_inline]] inline Value decayed_sum(Value kept, float factor, Value first, Second second) {
    if constexpr (sizeof(Value) == sizeof(float)) {
        const Value added = first * second;
        return kept * factor + added;
    } else {
        const Value rest = kept * factor;
        return rest + first * second;
    }
}

template <bool HasMomentum, bool HasDecay>
void sgd_span(const UpdateSpan &span, const SGDNumbers &n) {
    const float sign = n.maximize ? -1.0F : 1.0F;
    over_elements(span.count, [&](int64_t i, auto kind) {
        using Value = decltype(kind);
        const Value parameter = read<Value>(span.parameter + i);
        Value gradient = read<Value>(span.gradient + i) * sign;
        if constexpr (HasDecay) gradient = gradient + parameter * n.weight_decay;
        if constexpr (HasMomentum) {
            Value next = gradient;
            if (!n.is_first) {
                next = decayed_sum(read<Value>(span.first + i), n.momentum, gradient, 1.0F - n.dampening);
            }
            write(span.first + i, next);
            gradient = n.nesterov ? gradient + next * n.momentum : next;
        }
        write<Value>(span.parameter + i, parameter - gradient * n.learning_rate);
    });
}

inline void sgd(const UpdateSpan &span, const SGDNumbers &n) {
    const bool has_decay = n.weight_decay != 0;
    if (span.first != nullptr) {
        has_decay ? sgd_span<true, true>(span, n) : sgd_span<true, false>(span, n);
    } else {
        has_decay ? sgd_span<false, true>(span, n) : sgd_span<false, false>(span, n);
    }
}

template <bool HasLargest>
void adam_span(const UpdateSpan &span, const AdamNumbers &n) {
    const float sign = n.maximize ? -1.0F : 1.0F;
    const float weight = static_cast<float>(1 - n.beta1);
    const bool is_near = weight < 0.5F;
    const float keep = static_cast<float>(n.beta2);
    const float square_weight = static_cast<float>(1 - n.beta2);
    const bool adds_decay = n.weight_decay != 0 && !n.decoupled;
    const float decay = static_cast<float>(n.weight_decay);
    const float shrink = n.decoupled ? static_cast<float>(1 - n.learning_rate * n.weight_decay) : 1.0F;
    over_elements(span.count, [&](int64_t i, auto kind) {
        using Value = decltype(kind);
        Value parameter = read<Value>(span.parameter + i);
        Value average = read<Value>(span.first + i);
        Value square = read<Value>(span.second + i);
        Value gradient = read<Value>(span.gradient + i) * sign;
        if (adds_decay) gradient = gradient + parameter * decay;
        if (n.decoupled) parameter = parameter * shrink;
        const Value difference = gradient - average;
        average = is_near ? average + weight * difference : gradient + (weight - 1.0F) * difference;
        square = decayed_sum(square, keep, square_weight * gradient, gradient);
        write(span.first + i, average);
        write(span.second + i, square);
        Value divisor = square;
        if constexpr (HasLargest) {
            const Value largest = read<Value>(span.largest + i);
            divisor = largest > square ? largest : square;
            write(span.largest + i, divisor);
        }
        const Value denominator = __builtin_elementwise_sqrt(divisor) / n.correction_root + n.eps;
        write<Value>(span.parameter + i, parameter - n.step_size * average / denominator);
    });
}

inline void adam(const UpdateSpan &span, const AdamNumbers &n) {
    span.largest != nullptr ? adam_span<true>(span, n) : adam_span<false>(span, n);
}

}  // namespace ctk::CTK_KERNELS
