// The arithmetic of an all-reduce.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ctk {

/// What is reduced, and how: a dtype's ScalarType number and a CTK_SUM, CTK_AVERAGE, ….
struct Reduction {
    int8_t dtype;
    int32_t operation;

    /// The size of an element; throws where the type or the combination is not known.
    size_t element_bytes() const;

    /// Writes what the sources give, element by element in their order, to each destination.
    ///
    /// A destination may be a source, or else must not overlap with any.
    void apply(
        const std::vector<const std::byte *> &sources, const std::vector<std::byte *> &destinations, size_t count) const;
};

}  // namespace ctk
