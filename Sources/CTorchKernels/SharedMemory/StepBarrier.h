// The only place where ranks wait for each other.
#pragma once

#include "Deadline.h"
#include "Failure.h"
#include "PeerChannel.h"
#include "RankPage.h"
#include "SharedRegion.h"

#include <string>
#include <vector>

namespace ctk {

/// Lets no rank pass a step before all have arrived at it.
class StepBarrier {
  public:
    StepBarrier(const PeerChannels &peers, const SharedRegion &region, int rank);

    /// How a rank waits for the others.
    enum class Patience {
        /// For as long as it takes to look again and again.
        brief,
        /// Until the deadline.
        full,
    };

    /// Arrives at the next step.
    void arrive();
    /// Whether all ranks have arrived at the step that this one has arrived at last.
    bool has_passed() const;
    /// Waits for the others; false if they have not come while the patience lasted. Throws where one does not come.
    bool wait(const Deadline &deadline, Patience patience);
    /// The ranks that have not arrived.
    std::vector<int> missing() const;

    /// Throws if this rank or another has aborted, or another has failed.
    void check_states() const;
    /// Tells all ranks that this one does not go on, and wakes them; only the first call counts.
    void give_up(RankState state, const Failure &reason) noexcept;

    /// The other ranks whose processes have ended, or that have left.
    std::vector<size_t> ended() const;
    bool is_aborted() const;

    RankPage &page(size_t rank) const { return *reinterpret_cast<RankPage *>(region_.start(rank)); }
    /// `rank 1 (pid 77)`.
    std::string name(size_t rank) const { return peers_[rank]->name(); }

  private:
    bool spin(const RankPage &page) const;
    void sleep(RankPage &page) const;
    /// Throws if the rank will not arrive any more, or not in time.
    void check(size_t other, const Deadline &deadline) const;
    bool has_arrived(const RankPage &page) const {
        return static_cast<int32_t>(page.step.load(std::memory_order_acquire) - step_) >= 0;
    }

    const PeerChannels &peers_;
    const SharedRegion &region_;
    const size_t rank_;
    const std::chrono::microseconds spinning_;
    uint32_t step_ = 0;
    std::atomic_flag has_given_up_ = ATOMIC_FLAG_INIT;
};

}  // namespace ctk
