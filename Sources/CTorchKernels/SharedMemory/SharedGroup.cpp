#include "SharedGroup.h"

#include "CollectiveWords.h"
#include "Failure.h"

#include <cstring>

namespace ctk {
namespace {
constexpr size_t kPage = 4096;
/// Two slots of every rank fit into the second-level cache together with what they are copied from.
constexpr size_t kSlot = 256 * 1024;
/// Every rank's part of an all-reduce takes a multiple of a cache line of a slot.
constexpr int kMostRanks = 64;

PeerChannels channels(std::vector<PeerSocket> sockets, const Members &members) {
    PeerChannels result;
    for (size_t rank = 0; rank < sockets.size(); ++rank) {
        result.push_back(std::make_unique<PeerChannel>(std::move(sockets[rank]), members.numbers[rank]));
    }
    return result;
}
}  // namespace

SharedGroup::SharedGroup(
    const JoiningPlace &place, const Members &members, const ctk_rendezvous &rendezvous,
    std::chrono::milliseconds timeout)
    : rank_(members.rank), ranks_(members.numbers.size()), timeout_(timeout) {
    const int rank = rank_;
    const int world_size = this->world_size();
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
    peers_ = channels(join(place, members, rendezvous, deadline), members);
    const size_t bytes = kPage + 2 * kSlot;
    region_ = SharedRegion(peers_, rank, 0, create_memory_file(bytes), bytes, deadline);
    barrier_ = std::make_unique<StepBarrier>(peers_, region_, rank);
}

SharedGroup::~SharedGroup() { leave(); }

bool SharedGroup::advance(Task &task, const Deadline &deadline, StepBarrier::Patience patience) {
    if (failure_) {
        throw Failure(failure_->kind, std::string("the group has failed before: ") + failure_->what(), failure_->rank);
    }
    try {
        for (;;) {
            if (!barrier_->has_passed() && !barrier_->wait(deadline, patience)) return false;
            task.resume();
            if (task.has_ended()) return true;
        }
    } catch (const std::exception &error) {
        const auto *failure = dynamic_cast<const Failure *>(&error);
        failure_ = std::make_unique<Failure>(
            failure == nullptr ? static_cast<int>(CTK_ERROR_SYSTEM) : failure->kind,
            words(collective_) + ": " + error.what(), failure == nullptr ? -1 : failure->rank);
        barrier_->give_up(RankState::failed, *failure_);
        throw Failure(*failure_);
    }
}

void SharedGroup::run(Task task, std::chrono::milliseconds timeout) {
    std::lock_guard lock(mutex_);
    advance(task, Deadline(timeout), StepBarrier::Patience::full);
}

void SharedGroup::enter(Collective collective) {
    collective.sequence = collective_.sequence + 1;
    collective_ = collective;
    barrier_->check_states();
    page().collectives[collective.sequence % 2] = collective;
    is_compared_ = false;
}

void SharedGroup::compare() {
    if (is_compared_) return;
    is_compared_ = true;
    has_one_place_ = collective_.buffer != 0;
    has_places_ = false;
    for (size_t other = 0; other < ranks_; ++other) {
        const auto &theirs = barrier_->page(other).collectives[collective_.sequence % 2];
        has_places_ = has_places_ || theirs.buffer != 0;
        has_one_place_ = has_one_place_ && theirs.has_place_of(collective_);
        if (theirs.matches(collective_)) continue;
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

size_t SharedGroup::share_of_slot() const { return kSlot / ranks_ / 64 * 64; }

void SharedGroup::check_root(int root, const char *what) const {
    if (root >= 0 && root < world_size()) return;
    throw Failure(
        CTK_ERROR_INVALID_ARGUMENT, std::string(what) + ": there is no rank " + std::to_string(root) + " to be the root");
}

Task SharedGroup::broadcast(std::byte *data, size_t bytes, int root) {
    check_root(root, "broadcast");
    return broadcast_in_turn(
        {.operation = Operation::broadcast, .root = root, .count = static_cast<int64_t>(bytes)}, data, bytes);
}

Task SharedGroup::broadcast_in_turn(Collective collective, std::byte *data, size_t bytes) {
    enter(collective);
    size_t start = 0;
    do {
        const size_t length = std::min(kSlot, bytes - start);
        auto *through = slot(static_cast<size_t>(collective.root), turn_++);
        if (rank_ == collective.root && length > 0) std::memcpy(through, data + start, length);
        co_await agree();
        if (rank_ != collective.root && length > 0) std::memcpy(data + start, through, length);
        start += length;
    } while (start < bytes);
}

Task SharedGroup::all_gather(const std::byte *input, std::byte *output, size_t bytes) {
    return gather_in_turn(
        {.operation = Operation::all_gather, .count = static_cast<int64_t>(bytes)}, input, output, bytes);
}

Task SharedGroup::gather(const std::byte *input, std::byte *output, size_t bytes, int root) {
    check_root(root, "gather");
    return gather_in_turn(
        {.operation = Operation::gather, .root = root, .count = static_cast<int64_t>(bytes)}, input,
        rank_ == root ? output : nullptr, bytes);
}

Task SharedGroup::gather_in_turn(Collective collective, const std::byte *input, std::byte *output, size_t bytes) {
    enter(collective);
    size_t start = 0;
    do {
        const size_t length = std::min(kSlot, bytes - start);
        const auto turn = turn_++;
        if (length > 0) std::memcpy(slot(static_cast<size_t>(rank_), turn), input + start, length);
        co_await agree();
        for (size_t other = 0; other < ranks_ && length > 0 && output != nullptr; ++other) {
            std::memcpy(output + other * bytes + start, slot(other, turn), length);
        }
        start += length;
    } while (start < bytes);
}

Task SharedGroup::scatter(const std::byte *input, std::byte *output, size_t bytes, int root) {
    check_root(root, "scatter");
    return scatter_in_turn(
        {.operation = Operation::scatter, .root = root, .count = static_cast<int64_t>(bytes)}, input, output, bytes);
}

Task SharedGroup::scatter_in_turn(Collective collective, const std::byte *input, std::byte *output, size_t bytes) {
    enter(collective);
    const auto root = static_cast<size_t>(collective.root);
    size_t start = 0;
    do {
        const size_t length = std::min(share_of_slot(), bytes - start);
        auto *through = slot(root, turn_++);
        for (size_t other = 0; other < ranks_ && length > 0 && rank_ == collective.root; ++other) {
            std::memcpy(through + other * share_of_slot(), input + other * bytes + start, length);
        }
        co_await agree();
        const auto own = static_cast<size_t>(rank_);
        if (length > 0) std::memcpy(output + start, through + own * share_of_slot(), length);
        start += length;
    } while (start < bytes);
}

Task SharedGroup::all_to_all(
    const std::byte *input, std::vector<size_t> input_bytes, std::byte *output, std::vector<size_t> output_bytes) {
    enter({.operation = Operation::all_to_all, .count = -1});
    const auto own = static_cast<size_t>(rank_);
    const size_t share = share_of_slot();
    // Everybody's sizes first, which tell how many turns it takes.
    const auto turn = turn_++;
    std::memcpy(slot(own, turn), input_bytes.data(), ranks_ * sizeof(size_t));
    co_await agree();
    size_t most = 0;
    for (size_t other = 0; other < ranks_; ++other) {
        std::vector<size_t> theirs(ranks_);
        std::memcpy(theirs.data(), slot(other, turn), ranks_ * sizeof(size_t));
        for (const auto bytes : theirs) most = std::max(most, bytes);
        if (theirs[own] == output_bytes[other]) continue;
        throw Failure(
            CTK_ERROR_MISMATCH,
            barrier_->name(other) + " sends " + std::to_string(theirs[own]) + " bytes where this rank expects " +
                std::to_string(output_bytes[other]),
            static_cast<int>(other));
    }
    for (size_t start = 0; start < most; start += share) {
        const auto turn = turn_++;
        const auto length = [&](size_t bytes) { return bytes > start ? std::min(share, bytes - start) : 0; };
        size_t place = 0;
        for (size_t other = 0; other < ranks_; ++other) {
            const auto count = length(input_bytes[other]);
            if (count > 0) std::memcpy(slot(own, turn) + other * share, input + place + start, count);
            place += input_bytes[other];
        }
        co_await agree();
        place = 0;
        for (size_t other = 0; other < ranks_; ++other) {
            const auto count = length(output_bytes[other]);
            if (count > 0) std::memcpy(output + place + start, slot(other, turn) + own * share, count);
            place += output_bytes[other];
        }
    }
}

Task SharedGroup::barrier() {
    enter({.operation = Operation::barrier});
    co_await agree();
}

std::shared_ptr<SharedBuffer> SharedGroup::buffer_of(const std::byte *data, size_t bytes) {
    std::lock_guard lock(buffers_mutex_);
    for (const auto &entry : buffers_) {
        auto buffer = entry.lock();
        if (!buffer || data < buffer->start() || data + bytes > buffer->start() + buffer->region.bytes()) continue;
        return buffer;
    }
    return nullptr;
}

Task SharedGroup::allocate(size_t bytes, std::shared_ptr<SharedBuffer> &result) {
    const size_t whole = std::max(kPage, (bytes + kPage - 1) / kPage * kPage);
    enter({.operation = Operation::allocate, .count = static_cast<int64_t>(bytes)});
    // Where there is no memory the rank does not arrive, and the others hear why.
    const auto file = create_memory_file(whole);
    co_await agree();
    const auto number = ++buffer_count_;
    auto buffer = std::make_shared<SharedBuffer>(
        SharedBuffer{number, rank_, SharedRegion(peers_, rank_, number, file, whole, Deadline(timeout_))});
    std::lock_guard lock(buffers_mutex_);
    std::erase_if(buffers_, [](const auto &entry) { return entry.expired(); });
    buffers_.push_back(buffer);
    result = std::move(buffer);
}

}  // namespace ctk
