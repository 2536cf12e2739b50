// Vectors of one instruction set. Included by the files of the instruction sets after CTK_KERNELS and CTK_BYTES are
// defined and the compiler has been told to use the instructions.
#include <bit>
#include <cstdint>
#include <utility>

namespace ctk::CTK_KERNELS {

/// How many elements a vector has.
template <class T>
constexpr int lanes = CTK_BYTES / sizeof(T);

template <class T>
struct VectorOf {
    typedef T type __attribute__((vector_size(CTK_BYTES)));
};
template <class T>
using Vector = typename VectorOf<T>::type;

/// The vector at an address of any alignment.
template <class T>
[[gnu::always_inline]] inline Vector<T> load(const T *address) {
    Vector<T> vector;
    __builtin_memcpy(&vector, address, sizeof(vector));
    return vector;
}
template <class T>
[[gnu::always_inline]] inline void store(T *address, const Vector<T> &vector) {
    __builtin_memcpy(address, &vector, sizeof(vector));
}

}  // namespace ctk::CTK_KERNELS
