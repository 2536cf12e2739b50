#include "HierarchicalBackend.h"

#include <SharedMemory/CollectiveTensors.h>

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <map>

namespace ctorch {
namespace {
using ctk::bytes;
using ctk::only;
using ctk::Tensors;

/// What passes through the stages of an all-reduce at a time: while the machines exchange one piece, the ranks of each
/// machine reduce the next.
constexpr int64_t kPiece = 4 << 20;

/// Calls `body` with the tensor, or with a copy whose elements lie in one piece; `changes` says whether to copy back.
template <class Body>
void in_one_piece(const at::Tensor &tensor, bool changes, Body &&body) {
    const auto piece = tensor.contiguous();
    body(piece);
    if (changes && !piece.is_same(tensor)) tensor.copy_(piece);
}

/// A reduction in parts: among the ranks of a machine, among the machines, and what is left to do.
struct ReductionParts {
    ReductionParts(const at::Tensor &tensor, const c10d::ReduceOp &operation)
        : on_machine{static_cast<int8_t>(tensor.scalar_type()), static_cast<int32_t>(operation.op_)}, between(operation) {
        is_average = operation == c10d::ReduceOp::AVG;
        TORCH_CHECK(
            !is_average || tensor.is_floating_point(), "an average of ", tensor.scalar_type(), " is no ",
            tensor.scalar_type());
        if (is_average) {
            on_machine.operation = static_cast<int32_t>(c10d::ReduceOp::SUM);
            between = c10d::ReduceOp::SUM;
        }
        // Gloo takes booleans for bytes, whose sums and products are no booleans.
        if (tensor.scalar_type() == at::kBool && operation == c10d::ReduceOp::SUM) between = c10d::ReduceOp::MAX;
        if (tensor.scalar_type() == at::kBool && operation == c10d::ReduceOp::PRODUCT) between = c10d::ReduceOp::MIN;
        on_machine.element_bytes();
    }

    ctk::Reduction on_machine;
    c10d::ReduceOp between;
    bool is_average;
};

template <class Options>
Options limited(const ctk::Deadline &deadline) {
    Options options;
    // At least a moment, as Gloo may take none for no limit.
    options.timeout = std::max(std::chrono::milliseconds(1), deadline.left(std::chrono::hours(24 * 365)));
    return options;
}
}  // namespace

// --- Machines

Machines::Machines(const std::vector<int> &machine_of_rank) {
    std::map<int, size_t> numbers;
    for (size_t rank = 0; rank < machine_of_rank.size(); ++rank) {
        const auto [entry, is_new] = numbers.emplace(machine_of_rank[rank], members_.size());
        if (is_new) members_.emplace_back();
        auto &members = members_[entry->second];
        machine_.push_back(entry->second);
        place_.push_back(static_cast<int>(members.size()));
        members.push_back(static_cast<int>(rank));
    }
}

size_t Machines::most() const {
    size_t most = 0;
    for (const auto &members : members_) most = std::max(most, members.size());
    return most;
}

// --- Levels

/// The groups that a collective passes through. What it does there, each rank does in the same order.
class HierarchicalBackend::Levels {
  public:
    Levels(int rank, Machines machines, Shared machine, Gloo leaders)
        : machine(std::move(machine)), leaders(std::move(leaders)), machines(std::move(machines)), rank(rank) {}

    void all_reduce(const at::Tensor &tensor, const ReductionParts &reduction, const ctk::Deadline &deadline) const {
        const auto flat = tensor.view({-1});
        const auto most = kPiece / static_cast<int64_t>(tensor.element_size());
        const auto piece = [&](int64_t start) { return flat.narrow(0, start, std::min(most, flat.numel() - start)); };
        Works before;
        int64_t start = 0;
        do {
            const auto next = piece(start);
            run_here(
                machine->group().all_reduce(bytes(next), static_cast<size_t>(next.numel()), reduction.on_machine),
                deadline);
            Works between;
            if (leaders) {
                auto options = limited<c10d::AllreduceOptions>(deadline);
                options.reduceOp = reduction.between;
                Tensors tensors{next};
                between = leaders->allreduce(tensors, options);
            }
            if (start > 0) finish_all_reduce(piece(start - most), reduction, before, deadline);
            before = std::move(between);
            start += most;
        } while (start < flat.numel());
        finish_all_reduce(piece(start - most), reduction, before, deadline);
    }

    void broadcast(const at::Tensor &tensor, int root, const ctk::Deadline &deadline) const {
        const auto source = machines.machine(root);
        const bool is_here = machines.machine(rank) == source;
        if (is_here) broadcast_here(tensor, machines.place(root), deadline);
        if (leaders) {
            auto options = limited<c10d::BroadcastOptions>(deadline);
            options.rootRank = static_cast<int64_t>(source);
            Tensors tensors{tensor};
            leaders->broadcast(tensors, options)->wait();
        }
        if (!is_here) broadcast_here(tensor, 0, deadline);
    }

    void reduce(
        const at::Tensor &tensor, const ReductionParts &reduction, int root, const ctk::Deadline &deadline) const {
        const bool is_leader = leaders != nullptr;
        const bool passes_on = machines.machine(root) == machines.machine(rank) && machines.place(root) != 0;
        // Only the root's elements change.
        auto sum = tensor;
        if (rank != root && is_leader) sum = tensor.clone();
        if (rank != root && !is_leader && passes_on) sum = at::empty(tensor.sizes(), tensor.options());
        const auto &own = is_leader ? sum : tensor;
        run_here(
            machine->group().reduce(bytes(own), static_cast<size_t>(own.numel()), reduction.on_machine, 0), deadline);
        if (is_leader) {
            auto options = limited<c10d::ReduceOptions>(deadline);
            options.reduceOp = reduction.between;
            options.rootRank = static_cast<int64_t>(machines.machine(root));
            Tensors tensors{sum};
            leaders->reduce(tensors, options)->wait();
        }
        if (passes_on) broadcast_here(sum, 0, deadline);
        if (rank == root && reduction.is_average) sum.div_(static_cast<int64_t>(machines.rank_count()));
    }

    /// `rows` has a row for each place of each machine, as many as the machine with the most ranks has.
    void all_gather(const at::Tensor &input, const at::Tensor &rows, const ctk::Deadline &deadline) const {
        const auto own = rows[static_cast<int64_t>(machines.machine(rank))];
        run_here(machine->group().all_gather(bytes(input), bytes(own), input.nbytes()), deadline);
        if (leaders) {
            std::vector<Tensors> outputs(1);
            for (size_t other = 0; other < machines.count(); ++other) {
                outputs.front().push_back(rows[static_cast<int64_t>(other)]);
            }
            Tensors inputs{own.clone()};
            leaders->allgather(outputs, inputs, limited<c10d::AllgatherOptions>(deadline))->wait();
        }
        broadcast_here(rows, 0, deadline);
    }

    void barrier(const ctk::Deadline &deadline) const {
        run_here(machine->group().barrier(), deadline);
        if (leaders) leaders->barrier(limited<c10d::BarrierOptions>(deadline))->wait();
        run_here(machine->group().barrier(), deadline);
    }

    const Shared machine;
    const Gloo leaders;
    const Machines machines;
    const int rank;

  private:
    /// Runs a collective of this machine's ranks.
    void run_here(ctk::Task task, const ctk::Deadline &deadline) const {
        try {
            machine->run_now(std::move(task), deadline.left(std::chrono::hours(24 * 365)));
        } catch (const ctk::Failure &failure) {
            // Its collectives have numbers of their own.
            throw ctk::Failure(failure.kind, std::string("in shared memory: ") + failure.what(), failure.rank);
        }
    }
    void broadcast_here(const at::Tensor &tensor, int root, const ctk::Deadline &deadline) const {
        run_here(machine->group().broadcast(bytes(tensor), tensor.nbytes(), root), deadline);
    }

    void finish_all_reduce(
        const at::Tensor &piece, const ReductionParts &reduction, const Works &between,
        const ctk::Deadline &deadline) const {
        if (between) {
            between->wait();
            if (reduction.is_average) at::Tensor(piece).div_(static_cast<int64_t>(machines.rank_count()));
        }
        broadcast_here(piece, 0, deadline);
    }
};

// --- HierarchicalBackend

HierarchicalBackend::HierarchicalBackend(int rank, Machines machines, Shared machine, Gloo leaders, Gloo all)
    : Backend(rank, all->getSize()),
      levels_(std::make_shared<Levels>(rank, std::move(machines), std::move(machine), std::move(leaders))),
      all_(std::move(all)),
      timeout_(levels_->machine->group().timeout()) {}

void HierarchicalBackend::setTimeout(std::chrono::milliseconds timeout) {
    timeout_ = timeout;
    levels_->machine->setTimeout(timeout);
    if (levels_->leaders) levels_->leaders->setTimeout(timeout);
    all_->setTimeout(timeout);
}

int HierarchicalBackend::root(const char *operation, int64_t rank) const {
    TORCH_CHECK(rank >= 0 && rank < getSize(), operation, ": there is no rank ", rank, " to be the root");
    return static_cast<int>(rank);
}

HierarchicalBackend::Works HierarchicalBackend::allreduce(Tensors &tensors, const c10d::AllreduceOptions &options) {
    const auto tensor = only(tensors);
    const ReductionParts reduction(tensor, options.reduceOp);
    return thread_->start(
        c10d::OpType::ALLREDUCE,
        [levels = levels_, tensor, reduction, deadline = deadline(options.timeout)] {
            in_one_piece(tensor, true, [&](const at::Tensor &piece) { levels->all_reduce(piece, reduction, deadline); });
        },
        {tensor});
}

void HierarchicalBackend::all_reduce_now(const at::Tensor &tensor, const c10d::AllreduceOptions &options) {
    TORCH_CHECK(tensor.device().is_cpu() && tensor.is_contiguous(), "a contiguous tensor of the CPU is needed");
    const ReductionParts reduction(tensor, options.reduceOp);
    const auto deadline = this->deadline(options.timeout);
    thread_->run([&] { levels_->all_reduce(tensor, reduction, deadline); });
}

HierarchicalBackend::Works HierarchicalBackend::broadcast(Tensors &tensors, const c10d::BroadcastOptions &options) {
    const auto tensor = only(tensors);
    const auto root = this->root("broadcast", options.rootRank);
    return thread_->start(
        c10d::OpType::BROADCAST,
        [levels = levels_, tensor, root, deadline = deadline(options.timeout)] {
            in_one_piece(tensor, true, [&](const at::Tensor &piece) { levels->broadcast(piece, root, deadline); });
        },
        {tensor});
}

HierarchicalBackend::Works HierarchicalBackend::reduce(Tensors &tensors, const c10d::ReduceOptions &options) {
    const auto tensor = only(tensors);
    const auto root = this->root("reduce", options.rootRank);
    const ReductionParts reduction(tensor, options.reduceOp);
    return thread_->start(
        c10d::OpType::REDUCE,
        [levels = levels_, tensor, root, reduction, deadline = deadline(options.timeout)] {
            in_one_piece(tensor, levels->rank == root, [&](const at::Tensor &piece) {
                levels->reduce(piece, reduction, root, deadline);
            });
        },
        {tensor});
}

HierarchicalBackend::Works HierarchicalBackend::allgather(
    TensorLists &outputs, Tensors &inputs, const c10d::AllgatherOptions &options) {
    const auto input = only(inputs);
    TORCH_CHECK(
        outputs.size() == 1 && outputs.front().size() == static_cast<size_t>(getSize()), "a tensor for each of ",
        getSize(), " ranks is needed");
    const auto results = outputs.front();
    for (const auto &result : results) {
        TORCH_CHECK(result.numel() == input.numel(), "every output of an all-gather is as large as the input");
    }
    return thread_->start(
        c10d::OpType::ALLGATHER,
        [levels = levels_, input, results, deadline = deadline(options.timeout)] {
            const auto &machines = levels->machines;
            const auto rows = at::empty(
                {static_cast<int64_t>(machines.count()), static_cast<int64_t>(machines.most()), input.numel()},
                input.options());
            levels->all_gather(input.contiguous(), rows, deadline);
            for (size_t rank = 0; rank < results.size(); ++rank) {
                const auto number = static_cast<int>(rank);
                const auto row = rows[static_cast<int64_t>(machines.machine(number))][machines.place(number)];
                results[rank].copy_(row.view(results[rank].sizes()));
            }
        },
        results);
}

HierarchicalBackend::Works HierarchicalBackend::barrier(const c10d::BarrierOptions &options) {
    return thread_->start(
        c10d::OpType::BARRIER,
        [levels = levels_, deadline = deadline(options.timeout)] { levels->barrier(deadline); }, {});
}

HierarchicalBackend::Works HierarchicalBackend::send(Tensors &tensors, int destination, int tag) {
    TORCH_CHECK(destination >= 0 && destination < getSize(), "there is no rank ", destination, " to send to");
    const auto &machines = levels_->machines;
    if (machines.machine(destination) != machines.machine(getRank())) return all_->send(tensors, destination, tag);
    return levels_->machine->send(tensors, machines.place(destination), tag);
}

HierarchicalBackend::Works HierarchicalBackend::recv(Tensors &tensors, int source, int tag) {
    TORCH_CHECK(source >= 0 && source < getSize(), "there is no rank ", source, " to receive from");
    const auto &machines = levels_->machines;
    if (machines.machine(source) != machines.machine(getRank())) return all_->recv(tensors, source, tag);
    return levels_->machine->recv(tensors, machines.place(source), tag);
}

at::Tensor HierarchicalBackend::allocate(int64_t count, at::ScalarType dtype) {
    at::Tensor result;
    thread_->run([&] { result = levels_->machine->allocate(count, dtype); });
    return result;
}

}  // namespace ctorch
