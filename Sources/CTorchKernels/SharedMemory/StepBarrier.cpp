#include "StepBarrier.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>

#include <climits>
#include <cstdio>
#include <fstream>

namespace ctk {
namespace {
/// How long to sleep before the sockets are looked at again.
constexpr auto kNap = std::chrono::milliseconds(50);
/// How long to spin without letting others have the core.
constexpr auto kAlone = std::chrono::microseconds(10);

void wait_on(std::atomic<uint32_t> &word, uint32_t value) {
    const timespec limit{0, std::chrono::nanoseconds(kNap).count()};
    syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAIT, value, &limit, nullptr, 0);
}

void wake_all(std::atomic<uint32_t> &word) {
    syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

/// Spinning pays where every rank has a core of its own; elsewhere it keeps the awaited rank from running.
std::chrono::microseconds spinning_time(size_t ranks) {
    cpu_set_t set;
    const int cores = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    return std::chrono::microseconds(static_cast<size_t>(cores) >= ranks ? 200 : 5);
}

/// What the system says of a process, for messages.
std::string state_in_words(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    if (!std::getline(file, text) || text.rfind(')') + 2 >= text.size()) return "";
    switch (text[text.rfind(')') + 2]) {
        case 'T': return "; its process is stopped";
        case 't': return "; its process is held by a debugger";
        case 'D': return "; its process waits for a device";
        default: return "; its process is running";
    }
}
}  // namespace

StepBarrier::StepBarrier(const PeerChannels &peers, const SharedRegion &region, int rank)
    : peers_(peers), region_(region), rank_(static_cast<size_t>(rank)), spinning_(spinning_time(peers.size())) {}

void StepBarrier::arrive() {
    auto &own = page(rank_);
    // Sequentially consistent, as in `sleep`: either the sleeper sees the step, or this sees the sleeper.
    own.step.store(++step_, std::memory_order_seq_cst);
    if (own.sleepers.load(std::memory_order_seq_cst) != 0) wake_all(own.step);
}

bool StepBarrier::has_passed() const {
    for (size_t other = 0; other < peers_.size(); ++other) {
        if (!has_arrived(page(other))) return false;
    }
    return true;
}

bool StepBarrier::wait(const Deadline &deadline, Patience patience) {
    for (size_t other = 0; other < peers_.size(); ++other) {
        auto &page = this->page(other);
        if (has_arrived(page) || spin(page)) continue;
        if (patience == Patience::brief) return false;
        while (!has_arrived(page)) {
            check(other, deadline);
            sleep(page);
        }
    }
    return true;
}

std::vector<int> StepBarrier::missing() const {
    std::vector<int> ranks;
    for (size_t other = 0; other < peers_.size(); ++other) {
        if (!has_arrived(page(other))) ranks.push_back(static_cast<int>(other));
    }
    return ranks;
}

bool StepBarrier::spin(const RankPage &page) const {
    const auto start = Deadline::Clock::now();
    for (auto now = start; now < start + spinning_; now = Deadline::Clock::now()) {
        for (int i = 0; i < 32; ++i) {
            if (has_arrived(page)) return true;
            relax();
        }
        // The awaited rank may be waiting for this very core.
        if (now > start + kAlone) sched_yield();
    }
    return has_arrived(page);
}

void StepBarrier::sleep(RankPage &page) const {
    page.sleepers.fetch_add(1, std::memory_order_seq_cst);
    const auto value = page.step.load(std::memory_order_seq_cst);
    if (static_cast<int32_t>(value - step_) < 0 && !is_aborted()) wait_on(page.step, value);
    page.sleepers.fetch_sub(1, std::memory_order_relaxed);
}

std::vector<size_t> StepBarrier::ended() const {
    std::vector<size_t> result;
    for (size_t other = 0; other < peers_.size(); ++other) {
        if (other != rank_ && peers_[other]->socket().has_ended()) result.push_back(other);
    }
    return result;
}

void StepBarrier::check(size_t awaited, const Deadline &deadline) const {
    const auto ended = this->ended();
    const auto &theirs = page(awaited);
    // It may have arrived just before it ended. As long as one has not, none has passed the step and left in peace.
    if (has_arrived(theirs)) return;
    for (const auto other : ended) {
        if (page(other).state.load(std::memory_order_acquire) != RankState::active) continue;
        throw Failure(
            CTK_ERROR_PEER_ENDED, name(other) + " has ended: its process was killed or crashed", static_cast<int>(other));
    }
    check_states();
    const auto number = static_cast<int>(awaited);
    if (theirs.state.load(std::memory_order_acquire) == RankState::left) {
        throw Failure(CTK_ERROR_PEER_ENDED, name(awaited) + " has left the group", number);
    }
    if (!deadline.has_passed()) return;
    const auto sequence = std::max(theirs.collectives[0].sequence, theirs.collectives[1].sequence);
    throw Failure(
        CTK_ERROR_TIMED_OUT,
        name(awaited) + " has not come within " + deadline.limit() + ": the last collective it entered is #" +
            std::to_string(sequence) + state_in_words(peers_[awaited]->socket().pid()),
        number);
}

void StepBarrier::check_states() const {
    if (is_aborted()) throw Failure(CTK_ERROR_ABORTED, std::string("aborted on this rank: ") + page(rank_).reason);
    for (size_t other = 0; other < peers_.size(); ++other) {
        const auto &theirs = page(other);
        const auto state = theirs.state.load(std::memory_order_acquire);
        if (other == rank_ || state == RankState::active || state == RankState::left) continue;
        const auto what = state == RankState::aborted ? " aborted: " : " gave up: ";
        const auto culprit = theirs.culprit >= 0 ? theirs.culprit : static_cast<int>(other);
        throw Failure(theirs.kind, name(other) + what + theirs.reason, culprit);
    }
}

bool StepBarrier::is_aborted() const {
    return page(rank_).state.load(std::memory_order_acquire) == RankState::aborted;
}

void StepBarrier::give_up(RankState state, const Failure &reason) noexcept {
    if (has_given_up_.test_and_set()) return;
    auto &own = page(rank_);
    std::snprintf(own.reason, sizeof(own.reason), "%s", reason.what());
    own.kind = reason.kind;
    own.culprit = reason.rank;
    own.state.store(state, std::memory_order_seq_cst);
    for (size_t rank = 0; rank < peers_.size(); ++rank) wake_all(page(rank).step);
}

}  // namespace ctk
