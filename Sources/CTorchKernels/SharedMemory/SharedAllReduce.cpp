// The all-reduce: each rank reduces its part of what the ranks bring, in the order of the ranks.
#include "SharedGroup.h"

#include "Failure.h"

#include <cstring>

namespace ctk {
namespace {
/// What all ranks bring at a time. With the alignment of the parts it fits a slot for up to 64 ranks.
constexpr size_t kChunk = 192 * 1024;
/// Up to here one step with all of the work on each rank beats two steps with a part each.
constexpr size_t kSmall = 16 * 1024;
/// The elements of one rank start a cache line of their own, whatever their size.
constexpr size_t kAlignment = 64;

Collective described(Operation operation, size_t count, Reduction reduction) {
    Collective collective;
    collective.operation = operation;
    collective.dtype = reduction.dtype;
    collective.reduction = reduction.operation;
    collective.count = static_cast<int64_t>(count);
    return collective;
}
}  // namespace

/// A range of elements.
struct SharedGroup::Part {
    size_t start;
    size_t count;
};

SharedGroup::Part SharedGroup::part(size_t rank, size_t count) const {
    const size_t share = (count + ranks_ - 1) / ranks_;
    const size_t aligned = (share + kAlignment - 1) / kAlignment * kAlignment;
    const size_t start = std::min(rank * aligned, count);
    return {start, std::min(aligned, count - start)};
}

void SharedGroup::all_reduce(std::byte *data, size_t count, Reduction reduction) {
    const size_t bytes = count * reduction.element_bytes();
    run(described(Operation::all_reduce, count, reduction), [&](const Deadline &deadline) {
        if (ranks_ == 1) return agree(deadline);
        if (bytes <= kSmall) return reduce_small(data, count, reduction, deadline);
        reduce_chunked(data, count, reduction, deadline);
    });
}

void SharedGroup::reduce_small(std::byte *data, size_t count, Reduction reduction, const Deadline &deadline) {
    const auto own = static_cast<size_t>(rank_);
    const auto turn = turn_++;
    if (count > 0) std::memcpy(slot(own, turn), data, count * reduction.element_bytes());
    agree(deadline);
    std::vector<const std::byte *> sources(ranks_);
    for (size_t rank = 0; rank < ranks_; ++rank) sources[rank] = rank == own ? data : slot(rank, turn);
    reduction.apply(sources, {data}, count);
}

void SharedGroup::reduce_chunked(std::byte *data, size_t count, Reduction reduction, const Deadline &deadline) {
    const auto own = static_cast<size_t>(rank_);
    const size_t size = reduction.element_bytes();
    const size_t most = kChunk / size;
    const size_t chunks = (count + most - 1) / most;
    const auto first_turn = turn_;
    turn_ += static_cast<uint32_t>(chunks);
    const auto turn = [&](size_t chunk) { return first_turn + static_cast<uint32_t>(chunk); };
    const auto start = [&](size_t chunk) { return data + chunk * most * size; };
    const auto length = [&](size_t chunk) { return std::min(most, count - chunk * most); };
    // A rank's own part of its slot holds what comes out. It lies at the same place for every chunk: others may still read
    // it while this rank brings the next chunk but one.
    const size_t stride = part(0, most).count * size;
    const auto place = [&](size_t holder, size_t rank, size_t chunk) {
        return slot(holder, turn(chunk)) + rank * stride;
    };
    const auto bring = [&](size_t chunk) {
        for (size_t rank = 0; rank < ranks_; ++rank) {
            const auto range = part(rank, length(chunk));
            if (rank == own || range.count == 0) continue;
            const size_t offset = range.start * size;
            std::memcpy(place(own, rank, chunk), start(chunk) + offset, range.count * size);
        }
    };
    const auto fetch = [&](size_t chunk) {
        for (size_t rank = 0; rank < ranks_; ++rank) {
            const auto range = part(rank, length(chunk));
            if (rank == own || range.count == 0) continue;
            const size_t offset = range.start * size;
            std::memcpy(start(chunk) + offset, place(rank, rank, chunk), range.count * size);
        }
    };

    std::vector<const std::byte *> sources(ranks_);
    bring(0);
    agree(deadline);
    for (size_t chunk = 0; chunk < chunks; ++chunk) {
        const auto range = part(own, length(chunk));
        const size_t offset = range.start * size;
        for (size_t rank = 0; rank < ranks_; ++rank) {
            sources[rank] = rank == own ? start(chunk) + offset : place(rank, own, chunk);
        }
        reduction.apply(sources, {start(chunk) + offset, place(own, own, chunk)}, range.count);
        // One step ends the reduction of this chunk and the bringing of the next.
        if (chunk + 1 < chunks) bring(chunk + 1);
        agree(deadline);
        fetch(chunk);
    }
}

void SharedGroup::all_reduce(SharedBuffer &buffer, size_t offset, size_t count, Reduction reduction) {
    const size_t size = reduction.element_bytes();
    if (offset % size != 0 || offset > buffer.region.bytes() || count > (buffer.region.bytes() - offset) / size) {
        throw Failure(
            CTK_ERROR_INVALID_ARGUMENT,
            std::to_string(count) + " elements of " + std::to_string(size) + " bytes at offset " +
                std::to_string(offset) + " do not lie within the buffer's " + std::to_string(buffer.region.bytes()) +
                " bytes, or not at a multiple of their size");
    }
    auto collective = described(Operation::buffer_all_reduce, count, reduction);
    collective.buffer = buffer.number;
    collective.offset = static_cast<int64_t>(offset);
    run(collective, [&](const Deadline &deadline) {
        agree(deadline);
        const auto range = part(static_cast<size_t>(rank_), count);
        std::vector<const std::byte *> sources(ranks_);
        std::vector<std::byte *> destinations(ranks_);
        for (size_t rank = 0; rank < ranks_; ++rank) {
            destinations[rank] = buffer.region.start(rank) + offset + range.start * size;
            sources[rank] = destinations[rank];
        }
        reduction.apply(sources, destinations, range.count);
        agree(deadline);
    });
}

}  // namespace ctk
