#include "SharedMemoryBackend.h"

#include "CollectiveTensors.h"
#include "Failure.h"
#include "SharedTransfer.h"

#include <torch/csrc/distributed/c10d/Store.hpp>

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

namespace ctk {
namespace {
size_t count(const at::Tensor &tensor) { return static_cast<size_t>(tensor.numel()); }

const Tensors &only(const std::vector<Tensors> &lists, int size) {
    TORCH_CHECK(
        lists.size() == 1 && lists.front().size() == static_cast<size_t>(size), "a list with a tensor for each of ", size,
        " ranks is needed");
    return lists.front();
}

Reduction reduction(const at::Tensor &tensor, const c10d::ReduceOp &operation) {
    return {static_cast<int8_t>(tensor.scalar_type()), static_cast<int32_t>(operation.op_)};
}

/// The tensor's elements in one piece, and what puts them back if that is another one.
std::pair<at::Tensor, SharedWork::Data> in_one_piece(const at::Tensor &tensor) {
    if (tensor.is_contiguous()) return {tensor, {{tensor}, {}, nullptr}};
    const auto piece = tensor.contiguous();
    return {piece, {{tensor}, {piece}, [tensor, piece] { tensor.copy_(piece); }}};
}

at::Tensor flat(int64_t count, const at::Tensor &like) { return at::empty({count}, like.options()); }

/// Copies rows of a flat tensor to tensors.
std::function<void()> unpacking(const at::Tensor &rows, const Tensors &outputs) {
    return [rows, outputs] {
        int64_t place = 0;
        for (const auto &output : outputs) {
            output.copy_(rows.narrow(0, place, output.numel()).view(output.sizes()));
            place += output.numel();
        }
    };
}

at::Tensor packed(const Tensors &tensors) {
    Tensors rows;
    for (const auto &tensor : tensors) rows.push_back(tensor.reshape({-1}));
    return at::cat(rows);
}

/// The bytes for each rank of rows of a tensor.
std::vector<size_t> shares(const at::Tensor &tensor, const std::vector<int64_t> &splits, int ranks) {
    const int64_t rows = tensor.dim() > 0 ? tensor.size(0) : 0;
    TORCH_CHECK(!splits.empty() || rows % ranks == 0, rows, " rows cannot be divided equally between ", ranks, " ranks");
    const size_t row = rows > 0 ? tensor.nbytes() / static_cast<size_t>(rows) : 0;
    std::vector<size_t> result;
    int64_t sum = 0;
    for (int rank = 0; rank < ranks; ++rank) {
        const auto share = splits.empty() ? rows / ranks : splits.at(static_cast<size_t>(rank));
        sum += share;
        result.push_back(static_cast<size_t>(share) * row);
    }
    TORCH_CHECK(sum == rows, "the splits do not add up to the ", rows, " rows of the tensor");
    return result;
}
}  // namespace

SharedMemoryBackend::Works SharedMemoryBackend::started(
    c10d::OpType operation, Task task, SharedWork::Data data, std::chrono::milliseconds timeout) {
    auto work = c10::make_intrusive<SharedWork>(queue_, operation, std::move(task), std::move(data), limit(timeout));
    queue_->start(work);
    return work;
}

SharedMemoryBackend::Works SharedMemoryBackend::broadcast(Tensors &tensors, const c10d::BroadcastOptions &options) {
    auto [piece, data] = in_one_piece(only(tensors));
    auto task = group_->broadcast(bytes(piece), piece.nbytes(), static_cast<int>(options.rootRank));
    return started(c10d::OpType::BROADCAST, std::move(task), std::move(data), options.timeout);
}

SharedMemoryBackend::Works SharedMemoryBackend::allreduce(Tensors &tensors, const c10d::AllreduceOptions &options) {
    auto [piece, data] = in_one_piece(only(tensors));
    auto task = group_->all_reduce(bytes(piece), count(piece), reduction(piece, options.reduceOp));
    return started(c10d::OpType::ALLREDUCE, std::move(task), std::move(data), options.timeout);
}

void SharedMemoryBackend::all_reduce_now(const at::Tensor &tensor, const c10d::AllreduceOptions &options) {
    TORCH_CHECK(tensor.device().is_cpu() && tensor.is_contiguous(), "a contiguous tensor of the CPU is needed");
    auto task = group_->all_reduce(bytes(tensor), count(tensor), reduction(tensor, options.reduceOp));
    run_now(std::move(task), options.timeout);
}

SharedMemoryBackend::Works SharedMemoryBackend::allreduce_coalesced(
    Tensors &tensors, const c10d::AllreduceCoalescedOptions &options) {
    TORCH_CHECK(!tensors.empty(), "at least one tensor is needed");
    const auto all = packed(tensors);
    auto task = group_->all_reduce(bytes(all), count(all), reduction(all, options.reduceOp));
    return started(
        c10d::OpType::ALLREDUCE_COALESCED, std::move(task), {tensors, {all}, unpacking(all, tensors)}, options.timeout);
}

SharedMemoryBackend::Works SharedMemoryBackend::reduce(Tensors &tensors, const c10d::ReduceOptions &options) {
    auto [piece, data] = in_one_piece(only(tensors));
    auto task = group_->reduce(
        bytes(piece), count(piece), reduction(piece, options.reduceOp), static_cast<int>(options.rootRank));
    return started(c10d::OpType::REDUCE, std::move(task), std::move(data), options.timeout);
}

SharedMemoryBackend::Works SharedMemoryBackend::allgather(
    TensorLists &outputs, Tensors &inputs, const c10d::AllgatherOptions &options) {
    const auto input = only(inputs).contiguous();
    const auto &results = only(outputs, getSize());
    for (const auto &result : results) {
        TORCH_CHECK(result.numel() == input.numel(), "every output of an all-gather is as large as the input");
    }
    const auto all = flat(getSize() * input.numel(), input);
    auto task = group_->all_gather(bytes(input), bytes(all), input.nbytes());
    return started(
        c10d::OpType::ALLGATHER, std::move(task), {results, {input, all}, unpacking(all, results)}, options.timeout);
}

SharedMemoryBackend::Works SharedMemoryBackend::gather(
    TensorLists &outputs, Tensors &inputs, const c10d::GatherOptions &options) {
    const auto input = only(inputs).contiguous();
    const bool is_root = getRank() == options.rootRank;
    const auto results = is_root ? only(outputs, getSize()) : Tensors();
    const auto all = flat(is_root ? getSize() * input.numel() : 0, input);
    auto task = group_->gather(bytes(input), bytes(all), input.nbytes(), static_cast<int>(options.rootRank));
    return started(
        c10d::OpType::GATHER, std::move(task), {results, {input, all}, unpacking(all, results)}, options.timeout);
}

SharedMemoryBackend::Works SharedMemoryBackend::scatter(
    Tensors &outputs, TensorLists &inputs, const c10d::ScatterOptions &options) {
    auto [piece, data] = in_one_piece(only(outputs));
    const bool is_root = getRank() == options.rootRank;
    const auto all = is_root ? packed(only(inputs, getSize())) : flat(0, piece);
    TORCH_CHECK(!is_root || all.numel() == getSize() * piece.numel(), "every input of a scatter is as large as the output");
    data.kept.push_back(all);
    auto task = group_->scatter(bytes(all), bytes(piece), piece.nbytes(), static_cast<int>(options.rootRank));
    return started(c10d::OpType::SCATTER, std::move(task), std::move(data), options.timeout);
}

SharedMemoryBackend::Works SharedMemoryBackend::reduce_scatter(
    Tensors &outputs, TensorLists &inputs, const c10d::ReduceScatterOptions &options) {
    auto [piece, data] = in_one_piece(only(outputs));
    const auto all = packed(only(inputs, getSize()));
    TORCH_CHECK(all.numel() == getSize() * piece.numel(), "every input of a reduce-scatter is as large as the output");
    data.kept.push_back(all);
    auto task = group_->reduce_scatter(bytes(all), bytes(piece), count(piece), reduction(piece, options.reduceOp));
    return started(c10d::OpType::REDUCE_SCATTER, std::move(task), std::move(data), options.timeout);
}

SharedMemoryBackend::Works SharedMemoryBackend::alltoall_base(
    at::Tensor &output, at::Tensor &input, std::vector<int64_t> &output_splits, std::vector<int64_t> &input_splits,
    const c10d::AllToAllOptions &options) {
    auto [piece, data] = in_one_piece(only({output}));
    const auto source = only({input}).contiguous();
    data.kept.push_back(source);
    auto task = group_->all_to_all(
        bytes(source), shares(source, input_splits, getSize()), bytes(piece), shares(piece, output_splits, getSize()));
    return started(c10d::OpType::ALLTOALL_BASE, std::move(task), std::move(data), options.timeout);
}

SharedMemoryBackend::Works SharedMemoryBackend::send(Tensors &tensors, int destination, int tag) {
    return c10::make_intrusive<SharedTransfer>(group_, only(tensors), destination, tag, true);
}

SharedMemoryBackend::Works SharedMemoryBackend::recv(Tensors &tensors, int source, int tag) {
    return c10::make_intrusive<SharedTransfer>(group_, only(tensors), source, tag, false);
}

SharedMemoryBackend::Works SharedMemoryBackend::barrier(const c10d::BarrierOptions &options) {
    return started(c10d::OpType::BARRIER, group_->barrier(), {}, options.timeout);
}

void SharedMemoryBackend::monitoredBarrier(const c10d::BarrierOptions &options, bool wait_for_all) {
    const auto timeout = limit(options.timeout);
    try {
        // Rank 0 is the first to give up, and says who is missing.
        queue_->run(group_->barrier(), getRank() == 0 ? timeout : timeout + std::chrono::seconds(1));
    } catch (const Failure &failure) {
        auto missing = group_->state().missing();
        if (failure.kind != CTK_ERROR_TIMED_OUT || getRank() != 0 || missing.empty()) throw;
        if (!wait_for_all) missing.resize(1);
        std::string ranks;
        for (const int rank : missing) ranks += (ranks.empty() ? "" : ", ") + std::to_string(rank);
        throw Failure(
            CTK_ERROR_TIMED_OUT,
            (missing.size() == 1 ? "Rank " : "Ranks ") + ranks + " failed to pass monitoredBarrier in " +
                std::to_string(timeout.count()) + " ms",
            missing.front());
    }
}

at::Tensor SharedMemoryBackend::allocate(int64_t count, at::ScalarType dtype) {
    TORCH_CHECK(count >= 0, count, " elements: a number of elements is not negative");
    std::shared_ptr<SharedBuffer> buffer;
    queue_->run(
        group_->allocate(static_cast<size_t>(count) * c10::elementSize(dtype), buffer), group_->timeout());
    auto *start = buffer->start();
    return at::from_blob(start, {count}, [buffer](void *) {}, at::TensorOptions().dtype(dtype));
}

std::vector<int> SharedMemoryBackend::ended() const {
    std::vector<int> ranks;
    for (const auto rank : group_->state().ended()) ranks.push_back(static_cast<int>(rank));
    return ranks;
}

namespace {
/// The store as the ranks of a machine use it, which must stay meanwhile.
ctk_rendezvous rendezvous(c10d::Store &store) {
    return {
        &store,
        [](void *context, const char *key, const char *value) {
            try {
                static_cast<c10d::Store *>(context)->set(key, std::vector<uint8_t>(value, value + std::strlen(value)));
                return true;
            } catch (...) {
                return false;
            }
        },
        [](void *context, const char *key, char *value, int64_t capacity) {
            try {
                auto *store = static_cast<c10d::Store *>(context);
                if (!store->check({key})) return 0;
                const auto bytes = store->get(key);
                if (static_cast<int64_t>(bytes.size()) >= capacity) return -1;
                std::copy(bytes.begin(), bytes.end(), value);
                value[bytes.size()] = 0;
                return 1;
            } catch (...) {
                return -1;
            }
        }};
}
}  // namespace

void publish_in(c10d::Store &store, const JoiningPlace &place, int number) { place.publish(number, rendezvous(store)); }

std::shared_ptr<SharedGroup> join_through(
    c10d::Store &store, const JoiningPlace &place, const Members &members, std::chrono::milliseconds timeout) {
    return std::make_shared<SharedGroup>(place, members, rendezvous(store), timeout);
}

}  // namespace ctk
