// The collectives of the ranks of one machine.
#pragma once

#include "Reduction.h"
#include "SharedRegion.h"
#include "StepBarrier.h"

#include "CTorchKernels.h"

#include <functional>
#include <memory>
#include <mutex>

namespace ctk {

/// Memory of the user's that all ranks see.
struct SharedBuffer {
    uint32_t number;
    int rank;
    SharedRegion region;
};

/// The ranks of one machine.
///
/// Data passes through two slots of each rank's memory, used in turn: what a rank writes into one may be read by the others
/// until they arrive at the step after the next, when it is written again.
class SharedGroup {
  public:
    SharedGroup(int rank, int world_size, const ctk_rendezvous &rendezvous, std::chrono::milliseconds timeout);
    ~SharedGroup();

    void set_timeout(std::chrono::milliseconds timeout) { timeout_ = timeout; }
    void abort(const std::string &reason) { barrier_->give_up(RankState::aborted, Failure(CTK_ERROR_ABORTED, reason)); }

    void all_reduce(std::byte *data, size_t count, Reduction reduction);
    void all_reduce(SharedBuffer &buffer, size_t offset, size_t count, Reduction reduction);
    void broadcast(std::byte *data, size_t bytes, int root);
    void all_gather(const std::byte *input, std::byte *output, size_t bytes);
    void barrier();
    std::unique_ptr<SharedBuffer> allocate(size_t bytes);

    int rank() const { return rank_; }
    int world_size() const { return static_cast<int>(ranks_); }

  private:
    struct Part;

    /// Runs a collective; whatever it throws ends the group.
    void run(Collective collective, const std::function<void(const Deadline &)> &body);
    void check_usable() const;
    /// Passes the first step of a collective and compares what the ranks mean.
    void agree(const Deadline &deadline);
    void reduce_small(std::byte *data, size_t count, Reduction reduction, const Deadline &deadline);
    void reduce_chunked(std::byte *data, size_t count, Reduction reduction, const Deadline &deadline);

    /// The elements of a chunk that a rank reduces.
    Part part(size_t rank, size_t count) const;
    std::byte *slot(size_t rank, uint32_t turn) const;
    RankPage &page() const { return barrier_->page(static_cast<size_t>(rank_)); }

    const int rank_;
    const size_t ranks_;
    std::chrono::milliseconds timeout_;
    std::vector<PeerSocket> peers_;
    SharedRegion region_;
    std::unique_ptr<StepBarrier> barrier_;
    std::mutex mutex_;
    Collective collective_;
    uint32_t turn_ = 0;
    uint32_t buffers_ = 0;
    bool is_agreed_ = false;
    std::unique_ptr<Failure> failure_;
};

}  // namespace ctk
