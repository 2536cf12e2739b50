// The only place where ranks wait for each other.
#pragma once

#include "Deadline.h"
#include "Failure.h"
#include "PeerSocket.h"
#include "RankPage.h"
#include "SharedRegion.h"

#include <string>
#include <vector>

namespace ctk {

/// Lets no rank pass a step before all have arrived at it.
class StepBarrier {
  public:
    StepBarrier(const std::vector<PeerSocket> &peers, const SharedRegion &region, int rank);

    /// Arrives at the next step and waits for the others. Throws where one does not come.
    void pass(const Deadline &deadline);

    /// Throws if this rank or another has aborted, or another has failed.
    void check_states() const;
    /// Tells all ranks that this one does not go on, and wakes them; only the first call counts.
    void give_up(RankState state, const Failure &reason) noexcept;

    RankPage &page(size_t rank) const { return *reinterpret_cast<RankPage *>(region_.start(rank)); }
    /// `rank 1 (pid 77)`.
    std::string name(size_t rank) const;

  private:
    void wait_for(size_t other, const Deadline &deadline);
    bool spin(const RankPage &page) const;
    void sleep(RankPage &page) const;
    std::vector<size_t> ended() const;
    /// Throws if the rank will not arrive any more, or not in time.
    void check(size_t other, const Deadline &deadline) const;
    bool has_arrived(const RankPage &page) const {
        return static_cast<int32_t>(page.step.load(std::memory_order_acquire) - step_) >= 0;
    }
    bool is_aborted() const;

    const std::vector<PeerSocket> &peers_;
    const SharedRegion &region_;
    const size_t rank_;
    const std::chrono::microseconds spinning_;
    uint32_t step_ = 0;
    std::atomic_flag has_given_up_ = ATOMIC_FLAG_INIT;
};

}  // namespace ctk
