#include "SharedGroup.h"

#include "CollectiveWords.h"
#include "Failure.h"
#include "Joining.h"

#include <cstring>

namespace ctk {
namespace {
constexpr size_t kPage = 4096;
/// Two slots of every rank fit into the second-level cache together with what they are copied from.
constexpr size_t kSlot = 256 * 1024;
/// Every rank's part of an all-reduce takes a multiple of a cache line of a slot.
constexpr int kMostRanks = 64;
}  // namespace

SharedGroup::SharedGroup(
    int rank, int world_size, const ctk_rendezvous &rendezvous, std::chrono::milliseconds timeout)
    : rank_(rank), ranks_(static_cast<size_t>(world_size)), timeout_(timeout) {
    if (world_size < 1 || rank < 0 || rank >= world_size) {
        throw Failure(
            CTK_ERROR_INVALID_ARGUMENT,
            "rank " + std::to_string(rank) + " of " + std::to_string(world_size) + ": ranks count from 0");
    }
    if (world_size > kMostRanks) {
        throw Failure(
            CTK_ERROR_INVALID_ARGUMENT,
            std::to_string(world_size) + " ranks on one machine: at most " + std::to_string(kMostRanks) +
                " share memory");
    }
    const Deadline deadline(timeout);
    peers_ = join(rank, world_size, rendezvous, deadline);
    const size_t bytes = kPage + 2 * kSlot;
    region_ = SharedRegion(peers_, rank, 0, create_memory_file(bytes), bytes, deadline);
    barrier_ = std::make_unique<StepBarrier>(peers_, region_, rank);
}

SharedGroup::~SharedGroup() { barrier_->give_up(RankState::left, Failure(CTK_ERROR_PEER_ENDED, "")); }

void SharedGroup::check_usable() const {
    if (failure_) throw Failure(failure_->kind, std::string("the group has failed before: ") + failure_->what(), failure_->rank);
    barrier_->check_states();
}

void SharedGroup::run(Collective collective, const std::function<void(const Deadline &)> &body) {
    std::lock_guard lock(mutex_);
    check_usable();
    collective.sequence = collective_.sequence + 1;
    collective_ = collective;
    page().collectives[collective.sequence % 2] = collective;
    is_agreed_ = false;
    try {
        body(Deadline(timeout_));
    } catch (const std::exception &error) {
        const auto *failure = dynamic_cast<const Failure *>(&error);
        failure_ = std::make_unique<Failure>(
            failure == nullptr ? static_cast<int>(CTK_ERROR_SYSTEM) : failure->kind,
            words(collective) + ": " + error.what(), failure == nullptr ? -1 : failure->rank);
        barrier_->give_up(RankState::failed, *failure_);
        throw Failure(*failure_);
    }
}

void SharedGroup::agree(const Deadline &deadline) {
    barrier_->pass(deadline);
    if (std::exchange(is_agreed_, true)) return;
    for (size_t other = 0; other < ranks_; ++other) {
        const auto &theirs = barrier_->page(other).collectives[collective_.sequence % 2];
        if (theirs == collective_) continue;
        throw Failure(
            CTK_ERROR_MISMATCH,
            "the ranks differ: " + barrier_->name(other) + " called " + words(theirs) +
                ". All ranks have to call the same collectives in the same order.",
            static_cast<int>(other));
    }
}

std::byte *SharedGroup::slot(size_t rank, uint32_t turn) const {
    return region_.start(rank) + kPage + (turn % 2) * kSlot;
}

void SharedGroup::broadcast(std::byte *data, size_t bytes, int root) {
    if (root < 0 || root >= world_size()) {
        throw Failure(CTK_ERROR_INVALID_ARGUMENT, "there is no rank " + std::to_string(root) + " to broadcast from");
    }
    Collective collective{.operation = Operation::broadcast, .root = root, .count = static_cast<int64_t>(bytes)};
    run(collective, [&](const Deadline &deadline) {
        size_t start = 0;
        do {
            const size_t length = std::min(kSlot, bytes - start);
            const auto turn = turn_++;
            auto *through = slot(static_cast<size_t>(root), turn);
            if (rank_ == root && length > 0) std::memcpy(through, data + start, length);
            agree(deadline);
            if (rank_ != root && length > 0) std::memcpy(data + start, through, length);
            start += length;
        } while (start < bytes);
    });
}

void SharedGroup::all_gather(const std::byte *input, std::byte *output, size_t bytes) {
    Collective collective{.operation = Operation::all_gather, .count = static_cast<int64_t>(bytes)};
    run(collective, [&](const Deadline &deadline) {
        size_t start = 0;
        do {
            const size_t length = std::min(kSlot, bytes - start);
            const auto turn = turn_++;
            if (length > 0) std::memcpy(slot(static_cast<size_t>(rank_), turn), input + start, length);
            agree(deadline);
            for (size_t other = 0; other < ranks_ && length > 0; ++other) {
                std::memcpy(output + other * bytes + start, slot(other, turn), length);
            }
            start += length;
        } while (start < bytes);
    });
}

void SharedGroup::barrier() {
    run({.operation = Operation::barrier}, [&](const Deadline &deadline) { agree(deadline); });
}

std::unique_ptr<SharedBuffer> SharedGroup::allocate(size_t bytes) {
    const size_t whole = std::max(kPage, (bytes + kPage - 1) / kPage * kPage);
    auto buffer = std::make_unique<SharedBuffer>(SharedBuffer{0, rank_, {}});
    run({.operation = Operation::allocate, .count = static_cast<int64_t>(bytes)}, [&](const Deadline &deadline) {
        // Where there is no memory the rank does not arrive, and the others hear why.
        const auto file = create_memory_file(whole);
        agree(deadline);
        buffer->number = ++buffers_;
        buffer->region = SharedRegion(peers_, rank_, buffer->number, file, whole, deadline);
    });
    return buffer;
}

}  // namespace ctk
