// Shared memory as a backend of c10d.
#pragma once

#include "CollectiveQueue.h"

#include <torch/csrc/distributed/c10d/Backend.hpp>

namespace ctk {

/// The collectives of a group whose ranks run on one machine, for dense tensors of the CPU.
///
/// A collective runs on the calling thread, so that its work has usually ended when it is returned. Where other ranks keep
/// it waiting it is left to whoever waits for the work, or to a thread of the group's own.
class SharedMemoryBackend final : public c10d::Backend {
  public:
    explicit SharedMemoryBackend(std::shared_ptr<SharedGroup> group)
        : Backend(group->rank(), group->world_size()), group_(group), queue_(std::make_shared<CollectiveQueue>(group)) {}
    ~SharedMemoryBackend() override { queue_->stop(); }

    using Works = c10::intrusive_ptr<c10d::Work>;
    using Tensors = std::vector<at::Tensor>;
    using TensorLists = std::vector<Tensors>;

    const std::string getBackendName() const override { return "shm"; }
    void setTimeout(std::chrono::milliseconds timeout) override { group_->set_timeout(timeout); }
    void setSequenceNumberForGroup() override {}
    uint64_t getSequenceNumberForGroup() override { return 0; }

    Works broadcast(Tensors &tensors, const c10d::BroadcastOptions &options) override;
    Works allreduce(Tensors &tensors, const c10d::AllreduceOptions &options) override;
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

    SharedGroup &group() const { return *group_; }
    /// Runs a collective of the group on this thread until the end, after all others, without a work.
    void run_now(Task task, std::chrono::milliseconds timeout) { queue_->run(std::move(task), limit(timeout)); }
    /// As `allreduce` of one contiguous tensor, likewise.
    void all_reduce_now(const at::Tensor &tensor, const c10d::AllreduceOptions &options);
    /// A vector of zeros in memory that all ranks see; they ask for the same, at the same time. It stays until its last
    /// user is gone, also after the group.
    at::Tensor allocate(int64_t count, at::ScalarType dtype);

    /// Ends what this rank and the others wait for, from any thread.
    void abort_with(const std::string &reason) { group_->abort(reason); }
    /// The other ranks whose processes have ended, or that have left.
    std::vector<int> ended() const;

  private:
    Works started(
        c10d::OpType operation, Task task, SharedWork::Data data, std::chrono::milliseconds timeout);
    std::chrono::milliseconds limit(std::chrono::milliseconds given) const {
        return given.count() < 0 ? group_->timeout() : given;
    }

    const std::shared_ptr<SharedGroup> group_;
    const std::shared_ptr<CollectiveQueue> queue_;
};

/// Publishes a rank's place in a c10d store.
void publish_in(c10d::Store &store, const JoiningPlace &place, int number);
/// Joins ranks that have published their places in a c10d store; throws a Failure where they cannot share memory.
std::shared_ptr<SharedGroup> join_through(
    c10d::Store &store, const JoiningPlace &place, const Members &members, std::chrono::milliseconds timeout);

}  // namespace ctk
