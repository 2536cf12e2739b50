// The collectives of the ranks of one machine.
#pragma once

#include "Joining.h"
#include "PeerChannel.h"
#include "Reduction.h"
#include "SharedRegion.h"
#include "StepBarrier.h"
#include "Task.h"

#include "CTorchSharedMemory.h"

#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace ctk {

/// Memory of the user's that all ranks see.
struct SharedBuffer {
    /// Counted from 1.
    uint32_t number;
    int rank;
    SharedRegion region;

    std::byte *start() const { return region.start(static_cast<size_t>(rank)); }
};

/// The ranks of one machine.
///
/// A collective is a task, and one at a time is gone on with; what it works on must stay until it has ended. Data pass
/// through two slots of each rank's memory, used in turn: what a rank writes into one may be read by the others until they
/// arrive at the step after the next, when it is written again.
class SharedGroup {
  public:
    /// Joins the group; `place` has been published. `timeout` limits the joining and each later collective.
    SharedGroup(
        const JoiningPlace &place, const Members &members, const ctk_rendezvous &rendezvous,
        std::chrono::milliseconds timeout);
    ~SharedGroup();

    std::chrono::milliseconds timeout() const { return timeout_; }
    void set_timeout(std::chrono::milliseconds timeout) { timeout_ = timeout; }
    void abort(const std::string &reason) { barrier_->give_up(RankState::aborted, Failure(CTK_ERROR_ABORTED, reason)); }
    /// Tells the other ranks that this one takes no part any more.
    void leave() { barrier_->give_up(RankState::left, Failure(CTK_ERROR_PEER_ENDED, "")); }

    /// Goes on with a task; true when it has ended, false when other ranks keep it waiting for longer than the patience
    /// lasts. Whatever it throws ends the group.
    bool advance(Task &task, const Deadline &deadline, StepBarrier::Patience patience);
    /// Goes on with a task until it has ended.
    void run(Task task, std::chrono::milliseconds timeout);
    void run(Task task) { run(std::move(task), timeout_); }

    /// Reduces in place: without copies where the data lie at the same place of the same buffer on all ranks.
    Task all_reduce(std::byte *data, size_t count, Reduction reduction);
    /// Reduces to the root's data.
    Task reduce(std::byte *data, size_t count, Reduction reduction, int root);
    Task broadcast(std::byte *data, size_t bytes, int root);
    Task all_gather(const std::byte *input, std::byte *output, size_t bytes);
    /// `output` is the root's alone.
    Task gather(const std::byte *input, std::byte *output, size_t bytes, int root);
    /// `input` has every rank's bytes, one after the other, on the root.
    Task scatter(const std::byte *input, std::byte *output, size_t bytes, int root);
    /// `input` has `count` elements a rank, one after the other.
    Task reduce_scatter(const std::byte *input, std::byte *output, size_t count, Reduction reduction);
    /// Sends and receives as many bytes as are given for each rank, one after the other.
    Task all_to_all(
        const std::byte *input, std::vector<size_t> input_bytes, std::byte *output, std::vector<size_t> output_bytes);
    Task barrier();
    /// Memory of this rank that the others see too; the buffer is in `result` when the task has ended.
    Task allocate(size_t bytes, std::shared_ptr<SharedBuffer> &result);

    int rank() const { return rank_; }
    int world_size() const { return static_cast<int>(ranks_); }
    const StepBarrier &state() const { return *barrier_; }
    PeerChannel &channel(int rank) const { return *peers_[static_cast<size_t>(rank)]; }

  private:
    struct Part;

    /// Waits for all ranks, and once in each collective compares what they call.
    struct Agreement {
        SharedGroup &group;
        bool await_ready() {
            group.barrier_->arrive();
            return group.barrier_->has_passed();
        }
        void await_suspend(std::coroutine_handle<>) {}
        void await_resume() { group.compare(); }
    };
    Agreement agree() { return {*this}; }
    void compare();
    void enter(Collective collective);

    Task reduce_in_turn(std::byte *data, size_t count, Reduction reduction, Collective collective);
    Task gather_in_turn(Collective collective, const std::byte *input, std::byte *output, size_t bytes);
    Task scatter_in_turn(Collective collective, const std::byte *input, std::byte *output, size_t bytes);
    Task broadcast_in_turn(Collective collective, std::byte *data, size_t bytes);
    Task all_reduce_together(std::byte *data, size_t count, Reduction reduction, Collective collective);
    Task all_reduce_small(std::byte *data, size_t count, Reduction reduction, Collective collective);
    Task all_reduce_chunked(std::byte *data, size_t count, Reduction reduction, Collective collective);
    void reduce_in_place(const SharedBuffer &buffer, size_t offset, size_t count, Reduction reduction) const;
    Task reduce_scatter_in_turn(
        Collective collective, const std::byte *input, std::byte *output, size_t count, Reduction reduction);

    void check_root(int root, const char *what) const;
    /// The buffer that holds these bytes, if one does.
    std::shared_ptr<SharedBuffer> buffer_of(const std::byte *data, size_t bytes);
    /// The elements of a chunk that a rank reduces.
    Part part(size_t rank, size_t count) const;
    std::byte *slot(size_t rank, uint32_t turn) const;
    /// The bytes of a slot that each of the other ranks may have.
    size_t share_of_slot() const;
    RankPage &page() const { return barrier_->page(static_cast<size_t>(rank_)); }

    const int rank_;
    const size_t ranks_;
    std::chrono::milliseconds timeout_;
    PeerChannels peers_;
    SharedRegion region_;
    std::unique_ptr<StepBarrier> barrier_;
    std::mutex mutex_;
    Collective collective_;
    uint32_t turn_ = 0;
    bool is_compared_ = false;
    /// Whether the data of some ranks, and whether those of all at the same place, lie in a buffer.
    bool has_places_ = false;
    bool has_one_place_ = false;
    std::unique_ptr<Failure> failure_;
    std::mutex buffers_mutex_;
    std::vector<std::weak_ptr<SharedBuffer>> buffers_;
    uint32_t buffer_count_ = 0;
};

}  // namespace ctk
