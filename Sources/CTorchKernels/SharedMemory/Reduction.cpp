#include "Reduction.h"

#include "Failure.h"

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace ctk {
namespace {
/// Elements that are reduced at a time: the partial results stay in the first-level cache.
constexpr size_t kBlock = 1024;

/// 16-bit types are reduced in 32 bits.
template <class Element>
using Partial =
    std::conditional_t<std::is_same_v<Element, c10::Half> || std::is_same_v<Element, c10::BFloat16>, float, Element>;

template <class Value>
constexpr bool is_integer = std::is_integral_v<Value>;

// Integers wrap around, which for signed ones C++ does not define.
struct Sum {
    template <class Value>
    Value operator()(Value a, Value b) const {
        if constexpr (is_integer<Value>) {
            using Unsigned = std::make_unsigned_t<Value>;
            return static_cast<Value>(static_cast<Unsigned>(static_cast<Unsigned>(a) + static_cast<Unsigned>(b)));
        } else {
            return a + b;
        }
    }
};

struct Product {
    template <class Value>
    Value operator()(Value a, Value b) const {
        if constexpr (is_integer<Value>) {
            return static_cast<Value>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
        } else {
            return a * b;
        }
    }
};

struct Minimum {
    template <class Value>
    Value operator()(Value a, Value b) const {
        if constexpr (is_integer<Value>) return b < a ? b : a;
        else return b < a || b != b ? b : a;
    }
};

struct Maximum {
    template <class Value>
    Value operator()(Value a, Value b) const {
        if constexpr (is_integer<Value>) return b > a ? b : a;
        else return b > a || b != b ? b : a;
    }
};

struct And {
    template <class Value>
    Value operator()(Value a, Value b) const { return static_cast<Value>(a & b); }
};
struct Or {
    template <class Value>
    Value operator()(Value a, Value b) const { return static_cast<Value>(a | b); }
};
struct Xor {
    template <class Value>
    Value operator()(Value a, Value b) const { return static_cast<Value>(a ^ b); }
};

/// What becomes of the elements beside being combined.
enum class Scaling { none, of_result, of_each };

template <class Element, class Combine>
void reduce(
    const std::vector<const std::byte *> &sources, const std::vector<std::byte *> &destinations, size_t count,
    Combine combine, Scaling scaling) {
    using Value = Partial<Element>;
    Value partial[kBlock];
    for (size_t start = 0; start < count; start += kBlock) {
        const size_t length = std::min(kBlock, count - start);
        const auto *first = reinterpret_cast<const Element *>(sources[0]) + start;
        const auto combine_all = [&](auto scaled) {
            for (size_t i = 0; i < length; ++i) partial[i] = scaled(static_cast<Value>(first[i]));
            for (size_t k = 1; k < sources.size(); ++k) {
                const auto *next = reinterpret_cast<const Element *>(sources[k]) + start;
                for (size_t i = 0; i < length; ++i) {
                    const Value value = scaled(static_cast<Value>(next[i]));
                    partial[i] = combine(partial[i], value);
                }
            }
        };
        if (scaling == Scaling::of_each) {
            const auto share = static_cast<Value>(1.0 / static_cast<double>(sources.size()));
            combine_all([share](Value value) { return static_cast<Value>(value * share); });
        } else {
            combine_all([](Value value) { return value; });
        }
        if (scaling == Scaling::of_result) {
            const auto ranks = static_cast<Value>(sources.size());
            for (size_t i = 0; i < length; ++i) partial[i] = static_cast<Value>(partial[i] / ranks);
        }
        auto *result = reinterpret_cast<Element *>(destinations[0]) + start;
        for (size_t i = 0; i < length; ++i) result[i] = static_cast<Element>(partial[i]);
        for (size_t k = 1; k < destinations.size(); ++k) {
            std::memcpy(reinterpret_cast<Element *>(destinations[k]) + start, result, length * sizeof(Element));
        }
    }
}

Failure unknown_reduction(int operation) {
    return Failure(
        CTK_ERROR_INVALID_ARGUMENT,
        "reduction " + std::to_string(operation) + " is not known for this type; averages are for floating-point types, "
            "and bitwise reductions for integers");
}

/// Calls `body` with the function object of the operation.
template <class Element, class Body>
void with_operation(int operation, Body &&body) {
    switch (operation) {
        case CTK_SUM: return body(Sum(), Scaling::none);
        case CTK_PRODUCT: return body(Product(), Scaling::none);
        case CTK_MINIMUM: return body(Minimum(), Scaling::none);
        case CTK_MAXIMUM: return body(Maximum(), Scaling::none);
        default: break;
    }
    if constexpr (is_integer<Element>) {
        switch (operation) {
            case CTK_BITWISE_AND: return body(And(), Scaling::none);
            case CTK_BITWISE_OR: return body(Or(), Scaling::none);
            case CTK_BITWISE_XOR: return body(Xor(), Scaling::none);
            default: break;
        }
    } else if (operation == CTK_AVERAGE) {
        return body(Sum(), Scaling::of_result);
    } else if (operation == CTK_SUM_OF_SHARES) {
        return body(Sum(), Scaling::of_each);
    }
    throw unknown_reduction(operation);
}

/// The bitwise operation that a reduction of booleans is.
int of_booleans(int operation) {
    switch (operation) {
        case CTK_SUM:
        case CTK_MAXIMUM: return CTK_BITWISE_OR;
        case CTK_PRODUCT:
        case CTK_MINIMUM: return CTK_BITWISE_AND;
        default: return operation;
    }
}

/// Calls `body` with a value of the element's type, and the operation.
template <class Body>
void with_type(int8_t dtype, int operation, Body &&body) {
    switch (dtype) {
        case 0: return body(uint8_t(), operation);
        case 1: return body(int8_t(), operation);
        case 2: return body(int16_t(), operation);
        case 3: return body(int32_t(), operation);
        case 4: return body(int64_t(), operation);
        case 5: return body(c10::Half(), operation);
        case 6: return body(float(), operation);
        case 7: return body(double(), operation);
        case 11: return body(uint8_t(), of_booleans(operation));
        case 15: return body(c10::BFloat16(), operation);
        default:
            throw Failure(
                CTK_ERROR_INVALID_ARGUMENT, "dtype " + std::to_string(dtype) + " cannot be reduced in shared memory");
    }
}
}  // namespace

size_t Reduction::element_bytes() const {
    size_t bytes = 0;
    with_type(dtype, operation, [&](auto element, int operation) {
        bytes = sizeof(element);
        with_operation<decltype(element)>(operation, [](auto, Scaling) {});
    });
    return bytes;
}

void Reduction::apply(
    const std::vector<const std::byte *> &sources, const std::vector<std::byte *> &destinations, size_t count) const {
    with_type(dtype, operation, [&](auto element, int operation) {
        using Element = decltype(element);
        with_operation<Element>(operation, [&](auto combine, Scaling scaling) {
            reduce<Element>(sources, destinations, count, combine, scaling);
        });
    });
}

}  // namespace ctk
