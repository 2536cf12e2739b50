// Where collectives run that consist of several others.
#pragma once

#include <torch/csrc/distributed/c10d/Work.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace ctorch {

/// One collective.
class ThreadWork final : public c10d::Work {
  public:
    using Body = std::function<void()>;

    ThreadWork(c10d::OpType operation, Body body, std::vector<at::Tensor> results);

    std::vector<at::Tensor> result() override { return results_; }
    c10::intrusive_ptr<c10::ivalue::Future> getFuture() override { return future_; }
    void end(const std::exception_ptr &error);

    const Body body;

  private:
    const std::vector<at::Tensor> results_;
    const c10::intrusive_ptr<c10::ivalue::Future> future_;
};

/// Runs one collective after the other, in the order in which they are started, on a thread that comes with the first.
///
/// The first that fails ends it: each later one fails for the same reason.
class CollectiveThread : public std::enable_shared_from_this<CollectiveThread> {
  public:
    ~CollectiveThread() { stop(); }

    /// Runs `body` on the thread; the work has the results when it has ended.
    c10::intrusive_ptr<c10d::Work> start(c10d::OpType operation, ThreadWork::Body body, std::vector<at::Tensor> results);
    /// Runs `body` on the calling thread, after all that has been started.
    void run(const ThreadWork::Body &body);
    /// Ends the thread when what it runs has ended; what waits fails.
    void stop();

  private:
    using Lock = std::unique_lock<std::mutex>;

    void work_off();
    /// Runs `body` while nobody else runs anything; why it failed, if it did.
    std::exception_ptr attempt(Lock &lock, const ThreadWork::Body &body);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<c10::intrusive_ptr<ThreadWork>> works_;
    bool is_busy_ = false;
    bool is_stopping_ = false;
    std::exception_ptr failure_;
    std::thread thread_;
};

}  // namespace ctorch
