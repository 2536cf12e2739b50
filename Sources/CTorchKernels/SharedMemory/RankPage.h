// What each rank shows the others besides data: how far it is, what it does, and why it gave up.
#pragma once

#include <atomic>
#include <cstdint>

namespace ctk {

enum class Operation : int32_t {
    none,
    all_reduce,
    reduce,
    broadcast,
    all_gather,
    gather,
    scatter,
    reduce_scatter,
    all_to_all,
    barrier,
    allocate
};

/// A collective as a rank means it; all ranks have to mean the same.
struct Collective {
    uint64_t sequence = 0;
    Operation operation = Operation::none;
    int32_t dtype = -1;
    int32_t reduction = -1;
    int32_t root = -1;
    /// Elements of a reduction, else bytes; -1 where ranks may differ.
    int64_t count = 0;
    /// Where the data lie in memory that all ranks see, counted from 1; 0 elsewhere. Ranks may differ in this.
    uint32_t buffer = 0;
    int64_t offset = 0;

    /// Whether ranks that call both call the same.
    bool matches(const Collective &other) const {
        return sequence == other.sequence && operation == other.operation && dtype == other.dtype &&
               reduction == other.reduction && root == other.root && count == other.count;
    }
    bool has_place_of(const Collective &other) const { return buffer == other.buffer && offset == other.offset; }
};

enum class RankState : uint32_t { active, failed, aborted, left };

/// The first page of a rank's memory.
struct RankPage {
    /// Counts the steps that the rank has arrived at. Others sleep on it.
    alignas(64) std::atomic<uint32_t> step;
    /// How many ranks sleep, so that a step without sleepers needs no system call.
    alignas(64) std::atomic<uint32_t> sleepers;
    alignas(64) std::atomic<RankState> state;
    /// Written before any other state than active.
    char reason[1024];
    /// What kind of failure it is, and the rank that it is about.
    int32_t kind;
    int32_t culprit;
    /// The current collective and the one before: a quick rank may be one ahead of those that compare.
    alignas(64) Collective collectives[2];
};

static_assert(sizeof(RankPage) <= 4096 && std::atomic<uint32_t>::is_always_lock_free);

}  // namespace ctk
