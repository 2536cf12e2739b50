#include "JoiningStore.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <thread>

namespace ctorch {
namespace {
/// No std::runtime_error, which c10d would write to standard error before it passes it on.
class Cancelled final : public std::exception {
  public:
    explicit Cancelled(std::string reason) : reason_(std::move(reason)) {}
    const char *what() const noexcept override { return reason_.c_str(); }

  private:
    std::string reason_;
};
}  // namespace

Joining::Joining(int rank, int world_size) : rank_(rank), world_size_(world_size) {
    for (int other = 0; other < world_size; ++other) {
        if (other != rank) missing_.push_back(other);
    }
}

Joining::Joining(int rank, int world_size, std::shared_ptr<Joining> whole, std::chrono::milliseconds limit)
    : rank_(rank), world_size_(world_size), whole_(std::move(whole)), limit_(limit) {}

std::vector<int> Joining::missing() {
    std::lock_guard lock(mutex_);
    return missing_;
}

void Joining::cancel(const std::string &reason) {
    {
        std::lock_guard lock(mutex_);
        if (reason_.empty()) reason_ = reason;
    }
    is_cancelled_ = true;
}

void Joining::check() {
    if (is_cancelled_) {
        std::lock_guard lock(mutex_);
        throw Cancelled(reason_);
    }
    if (!whole_) return;
    whole_->check();
    if (std::chrono::steady_clock::now() - start_ > limit_) {
        throw Cancelled("timed out after " + std::to_string(limit_.count()) + " ms: the machines have not connected");
    }
}

void Joining::pause(int &milliseconds) {
    check();
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    milliseconds = std::min(2 * milliseconds, 20);
}

void Joining::wait(c10d::Store &store, const std::vector<std::string> &keys) {
    // Gloo waits for one rank's address after the other, and connects when it has all of them.
    if (keys.size() == 1) {
        const auto digits = keys[0].find_last_not_of("0123456789") + 1;
        const auto prefix = keys[0].substr(0, digits);
        if (!whole_ && digits < keys[0].size() && store.check({prefix + std::to_string(rank_)})) {
            return wait_for_ranks(store, prefix);
        }
    }
    for (int milliseconds = 1; !store.check(keys);) pause(milliseconds);
}

void Joining::wait_for_ranks(c10d::Store &store, const std::string &prefix) {
    const auto is_there = [&](int other) { return store.check({prefix + std::to_string(other)}); };
    auto missing = this->missing();
    int milliseconds = 1;
    for (int round = 0; !missing.empty(); ++round) {
        std::vector<std::string> keys;
        for (const int other : missing) keys.push_back(prefix + std::to_string(other));
        if (store.check(keys)) {
            missing.clear();
        } else {
            // Which ones they are, one by one, matters to people alone.
            if (round % 16 == 0) missing.erase(std::remove_if(missing.begin(), missing.end(), is_there), missing.end());
            pause(milliseconds);
        }
        std::lock_guard lock(mutex_);
        missing_ = missing;
    }
}

}  // namespace ctorch
