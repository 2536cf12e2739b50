// Shared memory within each machine, and Gloo between the machines, as one backend of c10d.
#pragma once

#include "CollectiveThread.h"

#include <SharedMemory/SharedMemoryBackend.h>

#include <torch/csrc/distributed/c10d/Backend.hpp>

#include <atomic>
#include <memory>
#include <vector>

namespace ctorch {

/// Which ranks of a group run on which machine. Machines, and the ranks of each, are in the order of their lowest ranks.
class Machines {
  public:
    /// `machine_of_rank` has one number for each rank, alike on ranks of one machine.
    explicit Machines(const std::vector<int> &machine_of_rank);

    size_t count() const { return members_.size(); }
    size_t rank_count() const { return machine_.size(); }
    /// The ranks of the machine that a rank runs on.
    const std::vector<int> &neighbours(int rank) const { return members_[machine(rank)]; }
    size_t machine(int rank) const { return machine_[static_cast<size_t>(rank)]; }
    /// A rank's place among those of its machine.
    int place(int rank) const { return place_[static_cast<size_t>(rank)]; }
    /// How many ranks the machine with the most has.
    size_t most() const;

  private:
    std::vector<std::vector<int>> members_;
    std::vector<size_t> machine_;
    std::vector<int> place_;
};

/// The collectives of ranks on several machines, for dense tensors of the CPU.
///
/// An all-reduce is one in shared memory on each machine, one over the network between the lowest ranks of the machines,
/// and a broadcast in shared memory; broadcast, reduce, all-gather and barrier likewise. A sum adds up the ranks of a machine
/// in their order and then the machines in Gloo's, whatever the timing, which is another order than that of Gloo
/// alone. Messages between two ranks of a machine pass through shared memory. Everything else goes through Gloo among all
/// ranks.
class HierarchicalBackend final : public c10d::Backend {
  public:
    using Gloo = c10::intrusive_ptr<c10d::Backend>;
    using Shared = c10::intrusive_ptr<ctk::SharedMemoryBackend>;

    /// - `machine`: the ranks of this machine, in the order of `machines`.
    /// - `leaders`: the lowest ranks of the machines, in their order; null on the other ranks.
    /// - `all`: all ranks.
    HierarchicalBackend(int rank, Machines machines, Shared machine, Gloo leaders, Gloo all);
    ~HierarchicalBackend() override { thread_->stop(); }

    using Works = c10::intrusive_ptr<c10d::Work>;
    using Tensors = std::vector<at::Tensor>;
    using TensorLists = std::vector<Tensors>;

    const std::string getBackendName() const override { return "shm+gloo"; }
    void setTimeout(std::chrono::milliseconds timeout) override;
    void setSequenceNumberForGroup() override {}
    uint64_t getSequenceNumberForGroup() override { return 0; }

    Works broadcast(Tensors &tensors, const c10d::BroadcastOptions &options) override;
    Works allreduce(Tensors &tensors, const c10d::AllreduceOptions &options) override;
    Works reduce(Tensors &tensors, const c10d::ReduceOptions &options) override;
    Works allgather(TensorLists &outputs, Tensors &inputs, const c10d::AllgatherOptions &options) override;
    Works barrier(const c10d::BarrierOptions &options) override;
    Works send(Tensors &tensors, int destination, int tag) override;
    Works recv(Tensors &tensors, int source, int tag) override;

    Works allreduce_coalesced(Tensors &tensors, const c10d::AllreduceCoalescedOptions &options) override {
        return all_->allreduce_coalesced(tensors, options);
    }
    Works gather(TensorLists &outputs, Tensors &inputs, const c10d::GatherOptions &options) override {
        return all_->gather(outputs, inputs, options);
    }
    Works scatter(Tensors &outputs, TensorLists &inputs, const c10d::ScatterOptions &options) override {
        return all_->scatter(outputs, inputs, options);
    }
    Works reduce_scatter(Tensors &outputs, TensorLists &inputs, const c10d::ReduceScatterOptions &options) override {
        return all_->reduce_scatter(outputs, inputs, options);
    }
    Works alltoall_base(
        at::Tensor &output, at::Tensor &input, std::vector<int64_t> &output_splits, std::vector<int64_t> &input_splits,
        const c10d::AllToAllOptions &options) override {
        return all_->alltoall_base(output, input, output_splits, input_splits, options);
    }
    void monitoredBarrier(const c10d::BarrierOptions &options, bool wait_for_all) override {
        all_->monitoredBarrier(options, wait_for_all);
    }

    /// As `allreduce` of one contiguous tensor, but on this thread until the end and without a work.
    void all_reduce_now(const at::Tensor &tensor, const c10d::AllreduceOptions &options);
    /// A vector of zeros in memory that all ranks of this machine see.
    at::Tensor allocate(int64_t count, at::ScalarType dtype);

  private:
    class Levels;

    /// A rank that is to be the root, which has to be there.
    int root(const char *operation, int64_t rank) const;
    ctk::Deadline deadline(std::chrono::milliseconds given) const {
        return ctk::Deadline(given.count() < 0 ? timeout_.load() : given);
    }

    const std::shared_ptr<Levels> levels_;
    const Gloo all_;
    const std::shared_ptr<CollectiveThread> thread_ = std::make_shared<CollectiveThread>();
    std::atomic<std::chrono::milliseconds> timeout_;
};

}  // namespace ctorch
