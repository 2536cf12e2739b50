// The store that a group's ranks find each other through, as Gloo sees it while they do.
#pragma once

#include <torch/csrc/distributed/c10d/Store.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ctorch {

/// The coming together of a group's ranks: who is missing, and whether it has been given up.
class Joining {
  public:
    Joining(int rank, int world_size);
    /// A part of another coming together: it ends with that, or after a time limit.
    Joining(int rank, int world_size, std::shared_ptr<Joining> whole, std::chrono::milliseconds limit);

    /// The ranks whose addresses are not in the store yet.
    std::vector<int> missing();
    /// Ends the wait, which throws `reason`.
    void cancel(const std::string &reason);

    /// Waits until all keys are there: those of all ranks, if these are ranks' keys.
    void wait(c10d::Store &store, const std::vector<std::string> &keys);

  private:
    void wait_for_ranks(c10d::Store &store, const std::string &prefix);
    void pause(int &milliseconds);
    void check();

    const int rank_;
    const int world_size_;
    const std::shared_ptr<Joining> whole_;
    const std::chrono::milliseconds limit_{0};
    const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    std::mutex mutex_;
    std::vector<int> missing_;
    std::string reason_;
    std::atomic<bool> is_cancelled_{false};
};

/// Passes everything on, and waits in a way that can be watched and ended.
///
/// A wait of the store's own keeps its connection from everybody else, ends only at its time limit, and then says so on
/// standard error.
class JoiningStore final : public c10d::Store {
  public:
    JoiningStore(c10::intrusive_ptr<c10d::Store> inner, std::shared_ptr<Joining> joining)
        : c10d::Store(inner->getTimeout()), inner_(std::move(inner)), joining_(std::move(joining)) {}

    c10::intrusive_ptr<c10d::Store> clone() override {
        return c10::make_intrusive<JoiningStore>(inner_->clone(), joining_);
    }
    void set(const std::string &key, const std::vector<uint8_t> &value) override { inner_->set(key, value); }
    std::vector<uint8_t> compareSet(
        const std::string &key, const std::vector<uint8_t> &expected, const std::vector<uint8_t> &desired) override {
        return inner_->compareSet(key, expected, desired);
    }
    std::vector<uint8_t> get(const std::string &key) override {
        wait({key});
        return inner_->get(key);
    }
    int64_t add(const std::string &key, int64_t value) override { return inner_->add(key, value); }
    bool deleteKey(const std::string &key) override { return inner_->deleteKey(key); }
    bool check(const std::vector<std::string> &keys) override { return inner_->check(keys); }
    int64_t getNumKeys() override { return inner_->getNumKeys(); }
    void wait(const std::vector<std::string> &keys) override { joining_->wait(*inner_, keys); }
    void wait(const std::vector<std::string> &keys, const std::chrono::milliseconds &) override { wait(keys); }
    // Getting many at once would wait inside the store.
    bool hasExtendedApi() const override { return false; }

  private:
    const c10::intrusive_ptr<c10d::Store> inner_;
    const std::shared_ptr<Joining> joining_;
};

}  // namespace ctorch
