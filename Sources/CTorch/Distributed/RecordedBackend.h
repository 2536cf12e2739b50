// A c10d backend around another one that tells an observer what is entered and left, and that can be aborted.
//
// Everything that c10d itself starts (the reducer's buckets, broadcasts) passes through here too. The work that is
// handed out ends when the inner one does or when the group is aborted, whichever comes first.
#pragma once

#include "CTorchDistributed.h"

#include <torch/csrc/distributed/c10d/Backend.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace ctorch {

class RecordedWork;

/// The observer, and the collectives in progress; outlives the backend while one of them runs.
class CollectiveRegister {
  public:
    explicit CollectiveRegister(ct_observer observer) : observer_(observer) {}
    ~CollectiveRegister() { observer_.released(observer_.context); }
    CollectiveRegister(const CollectiveRegister &) = delete;
    CollectiveRegister &operator=(const CollectiveRegister &) = delete;

    /// Numbers a collective and asks the observer; throws when it refuses or the group has been aborted.
    void enter(ct_collective &collective);
    /// `error` is null when it succeeded.
    void leave(uint64_t sequence, const std::exception_ptr &error);

    void add(const c10::intrusive_ptr<RecordedWork> &work);
    void remove(const RecordedWork *work);
    /// Fails what is in progress and all that comes; false if that has happened before.
    bool abort(const std::string &reason);
    /// Whether some collective has been started and has not ended.
    bool has_work();

    /// What the inner backend has started and not ended, also after an abort.
    std::atomic<int> inner_work{0};

  private:
    void check();  // with the lock held

    ct_observer observer_;
    std::mutex mutex_;
    std::optional<std::string> failure_;
    std::unordered_map<const RecordedWork *, c10::weak_intrusive_ptr<RecordedWork>> pending_;
    std::atomic<uint64_t> sequence_{0};
};

/// One collective in progress.
class RecordedWork final : public c10d::Work {
  public:
    RecordedWork(
        std::shared_ptr<CollectiveRegister> collectives, c10::intrusive_ptr<c10d::Work> inner, uint64_t sequence,
        c10d::OpType operation);

    /// Ends with the inner work, if that has a future; without this, waiting goes to the inner one directly.
    void follow_inner();

    /// Ends the work with an error, or without; only the first call counts.
    void complete(std::exception_ptr error);
    void fail(const std::string &reason);
    bool is_in_progress() const { return inner_future_ && !is_ended_; }

    bool isCompleted() override;
    bool wait(std::chrono::milliseconds timeout) override;
    void abort() override;
    std::vector<at::Tensor> result() override { return inner_->result(); }
    int sourceRank() const override { return inner_->sourceRank(); }
    uint64_t getSequencenumber() const override { return sequence_; }
    c10::intrusive_ptr<c10::ivalue::Future> getFuture() override;
    // With a weak reference about, as the register has one, this is what the last strong one calls; not the destructor.
    void release_resources() override;

  private:
    const std::shared_ptr<CollectiveRegister> collectives_;
    const c10::intrusive_ptr<c10d::Work> inner_;
    const uint64_t sequence_;
    c10::intrusive_ptr<c10::ivalue::Future> inner_future_;
    c10::intrusive_ptr<c10::ivalue::Future> future_;
    std::atomic<bool> is_ended_{false};
};

/// What a backend's connections can do beside collectives.
struct Connections {
    /// Closes them for a reason, so that nothing on any rank waits for this one.
    std::function<void(const std::string &)> close;
    /// The ranks whose connections are closed.
    std::function<std::vector<int>()> closed;
    /// Reduces a contiguous tensor on the calling thread; empty where the backend needs a work for that.
    std::function<void(const at::Tensor &, const c10d::AllreduceOptions &)> all_reduce_now;
    /// Allocates a vector of zeros that all ranks see; empty where there is no such memory.
    std::function<at::Tensor(int64_t, at::ScalarType)> allocate;
};

class RecordedBackend final : public c10d::Backend {
  public:
    RecordedBackend(
        c10::intrusive_ptr<c10d::Backend> inner, std::shared_ptr<CollectiveRegister> collectives,
        Connections connections)
        : Backend(inner->getRank(), inner->getSize()),
          inner_(std::move(inner)),
          collectives_(std::move(collectives)),
          connections_(std::move(connections)) {}
    ~RecordedBackend() override;

    void abort_with(const std::string &reason);
    bool has_work() { return collectives_->has_work(); }

    std::vector<int> closed_connections() { return connections_.closed(); }

    /// Reduces a contiguous tensor and waits for the result; on the calling thread where the backend can.
    /// `element_count`: how many elements are recorded, where others are only there to fill cache lines.
    void all_reduce_now(
        const at::Tensor &tensor, const c10d::AllreduceOptions &options, int32_t bucket, int64_t element_count = -1);
    /// A vector of zeros, in memory that all ranks see where the backend has such.
    at::Tensor allocate(int64_t count, at::ScalarType dtype);

    using Works = c10::intrusive_ptr<c10d::Work>;
    using Tensors = std::vector<at::Tensor>;
    using TensorLists = std::vector<std::vector<at::Tensor>>;

    const std::string getBackendName() const override { return inner_->getBackendName(); }
    void setTimeout(std::chrono::milliseconds timeout) override { inner_->setTimeout(timeout); }
    void setSequenceNumberForGroup() override { inner_->setSequenceNumberForGroup(); }
    uint64_t getSequenceNumberForGroup() override { return inner_->getSequenceNumberForGroup(); }

    Works broadcast(Tensors &tensors, const c10d::BroadcastOptions &options) override;
    Works allreduce(Tensors &tensors, const c10d::AllreduceOptions &options) override {
        return allreduce(tensors, options, -1);
    }
    /// The same for a bucket of gradients with a number.
    Works allreduce(
        Tensors &tensors, const c10d::AllreduceOptions &options, int32_t bucket, int64_t element_count = -1);
    Works allreduce_coalesced(Tensors &tensors, const c10d::AllreduceCoalescedOptions &options) override;
    Works reduce(Tensors &tensors, const c10d::ReduceOptions &options) override;
    Works allgather(TensorLists &outputs, Tensors &inputs, const c10d::AllgatherOptions &options) override;
    Works gather(TensorLists &outputs, Tensors &inputs, const c10d::GatherOptions &options) override;
    Works scatter(Tensors &outputs, TensorLists &inputs, const c10d::ScatterOptions &options) override;
    Works reduce_scatter(Tensors &outputs, TensorLists &inputs, const c10d::ReduceScatterOptions &options) override;
    Works alltoall_base(
        at::Tensor &output, at::Tensor &input, std::vector<int64_t> &output_splits, std::vector<int64_t> &input_splits,
        const c10d::AllToAllOptions &options) override;
    Works send(Tensors &tensors, int destination, int tag) override;
    Works recv(Tensors &tensors, int source, int tag) override;
    Works barrier(const c10d::BarrierOptions &options) override;
    void monitoredBarrier(const c10d::BarrierOptions &options, bool wait_for_all) override;

  private:
    template <class Start>
    Works recorded(ct_collective collective, c10d::OpType operation, Start &&start);
    /// Records what `body` does on this thread.
    template <class Body>
    auto recorded_now(ct_collective collective, Body &&body);

    c10::intrusive_ptr<c10d::Backend> inner_;
    const std::shared_ptr<CollectiveRegister> collectives_;
    const Connections connections_;
};

}  // namespace ctorch
