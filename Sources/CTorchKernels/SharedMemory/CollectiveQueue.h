// The collectives of a group, one after the other, and who goes on with them.
#pragma once

#include "SharedGroup.h"

#include <torch/csrc/distributed/c10d/Work.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <thread>

namespace ctk {

class CollectiveQueue;

/// One collective.
class SharedWork final : public c10d::Work {
  public:
    using Tensors = std::vector<at::Tensor>;

    /// What a collective works on.
    struct Data {
        /// Kept until the end, and given as the result.
        Tensors results;
        /// Kept until the end.
        Tensors kept;
        /// Called when the task has ended without an error; puts what has come into the results.
        std::function<void()> finish;
    };

    SharedWork(
        std::shared_ptr<CollectiveQueue> queue, c10d::OpType operation, Task task, Data data,
        std::chrono::milliseconds timeout)
        : Work(-1, operation), queue_(std::move(queue)), task_(std::move(task)), data_(std::move(data)),
          deadline_(timeout) {}

    bool isCompleted() override { return has_ended_.load(std::memory_order_acquire); }
    bool wait(std::chrono::milliseconds timeout) override;
    std::vector<at::Tensor> result() override { return data_.results; }
    c10::intrusive_ptr<c10::ivalue::Future> getFuture() override;

  private:
    friend class CollectiveQueue;
    /// Goes on with it; true when it has ended, well or not.
    bool advance(SharedGroup &group, StepBarrier::Patience patience);
    void end(std::exception_ptr error);

    const std::shared_ptr<CollectiveQueue> queue_;
    Task task_;
    Data data_;
    const Deadline deadline_;
    std::atomic<bool> has_ended_{false};
    c10::intrusive_ptr<c10::ivalue::Future> future_;
};

/// Starts a collective on the calling thread, which also ends it where the other ranks are there already. Otherwise whoever
/// waits for it goes on with it, or a thread of the queue's own.
class CollectiveQueue : public std::enable_shared_from_this<CollectiveQueue> {
  public:
    using Work = c10::intrusive_ptr<SharedWork>;

    explicit CollectiveQueue(std::shared_ptr<SharedGroup> group) : group_(std::move(group)) {}
    ~CollectiveQueue() { stop(); }

    void start(const Work &work);
    /// Waits for the work; false when `timeout` was over before, 0 for none.
    bool wait(SharedWork &work, std::chrono::milliseconds timeout);
    /// Runs a task on this thread, after all others.
    void run(Task task, std::chrono::milliseconds timeout);
    /// Ends what is in progress with an error, and the thread.
    void stop();

    SharedGroup &group() const { return *group_; }

  private:
    using Lock = std::unique_lock<std::mutex>;

    void end_turn(Lock &lock);
    void advance_first(Lock &lock);
    void leave_to_thread(Lock &lock);
    void work_off();

    const std::shared_ptr<SharedGroup> group_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Work> works_;
    bool is_busy_ = false;
    bool is_stopping_ = false;
    std::thread thread_;
};

}  // namespace ctk
