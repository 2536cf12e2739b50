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

Task SharedGroup::all_reduce(std::byte *data, size_t count, Reduction reduction) {
    const size_t bytes = count * reduction.element_bytes();
    const auto collective = described(Operation::all_reduce, count, reduction);
    if (ranks_ == 1) return all_reduce_together(data, count, reduction, collective);
    if (bytes <= kSmall) return all_reduce_small(data, count, reduction, collective);
    return all_reduce_chunked(data, count, reduction, collective);
}

Task SharedGroup::all_reduce_together(std::byte *, size_t, Reduction, Collective collective) {
    enter(collective);
    co_await agree();
}

Task SharedGroup::all_reduce_small(std::byte *data, size_t count, Reduction reduction, Collective collective) {
    enter(collective);
    const auto own = static_cast<size_t>(rank_);
    const auto turn = turn_++;
    if (count > 0) std::memcpy(slot(own, turn), data, count * reduction.element_bytes());
    co_await agree();
    std::vector<const std::byte *> sources(ranks_);
    for (size_t rank = 0; rank < ranks_; ++rank) sources[rank] = rank == own ? data : slot(rank, turn);
    reduction.apply(sources, {data}, count);
}

void SharedGroup::reduce_in_place(
    const SharedBuffer &buffer, size_t offset, size_t count, Reduction reduction) const {
    const auto range = part(static_cast<size_t>(rank_), count);
    std::vector<const std::byte *> sources(ranks_);
    std::vector<std::byte *> destinations(ranks_);
    for (size_t rank = 0; rank < ranks_; ++rank) {
        destinations[rank] = buffer.region.start(rank) + offset + range.start * reduction.element_bytes();
        sources[rank] = destinations[rank];
    }
    reduction.apply(sources, destinations, range.count);
}

Task SharedGroup::all_reduce_chunked(std::byte *data, size_t count, Reduction reduction, Collective collective) {
    const auto own = static_cast<size_t>(rank_);
    const size_t size = reduction.element_bytes();
    // Held until the end: the other ranks write into it.
    const auto buffer = buffer_of(data, count * size);
    if (buffer) {
        collective.buffer = buffer->number;
        collective.offset = data - buffer->start();
    }
    enter(collective);
    const size_t most = kChunk / size;
    const size_t chunks = (count + most - 1) / most;
    const auto first_turn = turn_;
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

    if (!buffer) bring(0);
    co_await agree();
    if (has_one_place_) {
        reduce_in_place(*buffer, static_cast<size_t>(collective.offset), count, reduction);
        co_await agree();
        co_return;
    }
    turn_ += static_cast<uint32_t>(chunks);
    if (has_places_) {
        // Some ranks' data lie in shared memory, but not all at the same place.
        if (buffer) bring(0);
        co_await agree();
    }
    std::vector<const std::byte *> sources(ranks_);
    for (size_t chunk = 0; chunk < chunks; ++chunk) {
        const auto range = part(own, length(chunk));
        const size_t offset = range.start * size;
        for (size_t rank = 0; rank < ranks_; ++rank) {
            sources[rank] = rank == own ? start(chunk) + offset : place(rank, own, chunk);
        }
        reduction.apply(sources, {start(chunk) + offset, place(own, own, chunk)}, range.count);
        // One step ends the reduction of this chunk and the bringing of the next.
        if (chunk + 1 < chunks) bring(chunk + 1);
        co_await agree();
        fetch(chunk);
    }
}

Task SharedGroup::reduce(std::byte *data, size_t count, Reduction reduction, int root) {
    check_root(root, "reduce");
    reduction.element_bytes();
    auto collective = described(Operation::reduce, count, reduction);
    collective.root = root;
    return reduce_in_turn(data, count, reduction, collective);
}

Task SharedGroup::reduce_in_turn(std::byte *data, size_t count, Reduction reduction, Collective collective) {
    enter(collective);
    const auto own = static_cast<size_t>(rank_);
    const size_t size = reduction.element_bytes();
    const size_t most = kChunk / size;
    size_t start = 0;
    do {
        const size_t length = std::min(most, count - start);
        const auto turn = turn_++;
        auto *here = data + start * size;
        if (rank_ != collective.root && length > 0) std::memcpy(slot(own, turn), here, length * size);
        co_await agree();
        if (rank_ == collective.root) {
            std::vector<const std::byte *> sources(ranks_);
            for (size_t rank = 0; rank < ranks_; ++rank) sources[rank] = rank == own ? here : slot(rank, turn);
            reduction.apply(sources, {here}, length);
        }
        start += length;
    } while (start < count);
}

Task SharedGroup::reduce_scatter(const std::byte *input, std::byte *output, size_t count, Reduction reduction) {
    reduction.element_bytes();
    return reduce_scatter_in_turn(described(Operation::reduce_scatter, count, reduction), input, output, count, reduction);
}

Task SharedGroup::reduce_scatter_in_turn(
    Collective collective, const std::byte *input, std::byte *output, size_t count, Reduction reduction) {
    enter(collective);
    const auto own = static_cast<size_t>(rank_);
    const size_t size = reduction.element_bytes();
    const size_t share = share_of_slot();
    size_t start = 0;
    do {
        const size_t length = std::min(share / size, count - start);
        const auto turn = turn_++;
        for (size_t rank = 0; rank < ranks_ && length > 0; ++rank) {
            if (rank == own) continue;
            std::memcpy(slot(own, turn) + rank * share, input + (rank * count + start) * size, length * size);
        }
        co_await agree();
        std::vector<const std::byte *> sources(ranks_);
        for (size_t rank = 0; rank < ranks_; ++rank) {
            sources[rank] = rank == own ? input + (own * count + start) * size : slot(rank, turn) + own * share;
        }
        reduction.apply(sources, {output + start * size}, length);
        start += length;
    } while (start < count);
}

}  // namespace ctk
