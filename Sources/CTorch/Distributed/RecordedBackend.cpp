#include "Handles.h"

#include <c10/util/Exception.h>

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cstdlib>
#include <future>
#include <thread>

namespace ctorch {

namespace {
[[noreturn]] void refuse(const std::string &reason) { C10_THROW_ERROR(DistBackendError, reason); }

ct_collective described(int8_t operation, const at::Tensor *tensor, size_t tensors = 1, int64_t root = -1) {
    ct_collective collective{};
    collective.operation = operation;
    collective.dtype = tensor == nullptr ? -1 : static_cast<int8_t>(tensor->scalar_type());
    collective.reduction = -1;
    collective.root = static_cast<int32_t>(root);
    collective.bucket = -1;
    collective.tensor_count = static_cast<int32_t>(tensors);
    if (tensor != nullptr) {
        collective.element_count = tensor->numel();
        collective.dimension_count = static_cast<int32_t>(tensor->dim());
        for (int64_t i = 0; i < tensor->dim() && i < CT_RECORDED_DIMENSIONS; ++i) collective.sizes[i] = tensor->size(i);
    }
    return collective;
}

const at::Tensor *first(const std::vector<at::Tensor> &tensors) { return tensors.empty() ? nullptr : &tensors.front(); }
}  // namespace

// --- CollectiveRegister

void CollectiveRegister::check() {
    if (failure_) refuse(*failure_);
}

void CollectiveRegister::enter(ct_collective &collective) {
    {
        std::lock_guard lock(mutex_);
        check();
    }
    const bool is_between_two = collective.operation == CT_COLLECTIVE_SEND || collective.operation == CT_COLLECTIVE_RECEIVE;
    collective.sequence = is_between_two ? 0 : sequence_.fetch_add(1) + 1;
    if (char *reason = observer_.entered(observer_.context, &collective)) {
        std::string text = reason;
        std::free(reason);
        refuse(text);
    }
}

void CollectiveRegister::leave(uint64_t sequence, const std::exception_ptr &error) {
    // The words reach the observer as the error that this thread's next message would be.
    const bool failed = error != nullptr && !attempted([&] { std::rethrow_exception(error); });
    observer_.left(observer_.context, sequence, failed ? ct_error_message() : nullptr);
}

void CollectiveRegister::add(const c10::intrusive_ptr<RecordedWork> &work) {
    std::lock_guard lock(mutex_);
    check();
    pending_.emplace(work.get(), c10::weak_intrusive_ptr<RecordedWork>(work));
}

void CollectiveRegister::remove(const RecordedWork *work) {
    std::lock_guard lock(mutex_);
    pending_.erase(work);
}

bool CollectiveRegister::abort(const std::string &reason) {
    std::vector<c10::intrusive_ptr<RecordedWork>> works;
    {
        std::lock_guard lock(mutex_);
        if (failure_) return false;
        failure_ = reason;
        for (auto &entry : pending_) {
            if (auto work = entry.second.lock()) works.push_back(std::move(work));
        }
    }
    // Outside the lock: what waits for a work may start the next one.
    for (auto &work : works) work->fail(reason);
    return true;
}

bool CollectiveRegister::has_work() {
    std::vector<c10::intrusive_ptr<RecordedWork>> works;  // given back outside the lock, which their ends take
    std::lock_guard lock(mutex_);
    for (auto &entry : pending_) {
        if (auto work = entry.second.lock()) works.push_back(std::move(work));
    }
    return std::any_of(works.begin(), works.end(), [](const auto &work) { return work->is_in_progress(); });
}

// --- RecordedWork

RecordedWork::RecordedWork(
    std::shared_ptr<CollectiveRegister> collectives, c10::intrusive_ptr<c10d::Work> inner, uint64_t sequence,
    c10d::OpType operation)
    : Work(-1, operation), collectives_(std::move(collectives)), inner_(std::move(inner)), sequence_(sequence) {}

void RecordedWork::release_resources() { collectives_->remove(this); }

void RecordedWork::follow_inner() {
    // Some collectives, such as Gloo's reduce-scatter, are done by whoever waits for them.
    if (!attempted([&] { inner_future_ = inner_->getFuture(); })) return;
    future_ = c10::make_intrusive<c10::ivalue::Future>(inner_future_->elementType());
    auto self = c10::intrusive_ptr<RecordedWork>::unsafe_reclaim_from_nonowning(this);
    ++collectives_->inner_work;
    inner_future_->addCallback([self](c10::ivalue::Future &future) {
        --self->collectives_->inner_work;
        self->complete(future.hasError() ? future.exception_ptr() : nullptr);
    });
}

void RecordedWork::complete(std::exception_ptr error) {
    if (is_ended_.exchange(true)) return;
    collectives_->leave(sequence_, error);
    if (future_) {
        if (error) {
            future_->setErrorIfNeeded(error);
        } else {
            future_->markCompleted(inner_future_->constValue());
        }
    }
    finish(error);
}

void RecordedWork::fail(const std::string &reason) {
    try {
        refuse(reason);
    } catch (...) {
        complete(std::current_exception());
    }
    // Transfers can let go by themselves; where others cannot, the end of the connections lets them go.
    if (!inner_future_) attempted([&] { inner_->abort(); });
}

bool RecordedWork::isCompleted() {
    if (inner_future_ || is_ended_) return Work::isCompleted();
    if (!inner_->isCompleted()) return false;
    complete(inner_->exception());
    return true;
}

bool RecordedWork::wait(std::chrono::milliseconds timeout) {
    if (inner_future_ || is_ended_) return Work::wait(timeout);
    std::exception_ptr error;
    try {
        if (!inner_->wait(timeout)) refuse("the transfer was aborted");
    } catch (...) {
        error = std::current_exception();
    }
    complete(error);
    return Work::wait(timeout);  // throws the error, or that of an abort that was faster
}

void RecordedWork::abort() { fail("the collective was aborted"); }

c10::intrusive_ptr<c10::ivalue::Future> RecordedWork::getFuture() { return future_ ? future_ : Work::getFuture(); }

// --- RecordedBackend

RecordedBackend::~RecordedBackend() {
    if (collectives_->inner_work == 0) return;
    // A transfer that was under way when its connection closed ends at its own time limit alone, which Gloo's end waits
    // for. Nobody else has to.
    try {
        std::thread([inner = inner_, connections = connections_] {}).detach();
    } catch (...) {
        static_cast<void>(inner_.release());  // no thread to be had: better never than here
    }
}

void RecordedBackend::abort_with(const std::string &reason) {
    if (!collectives_->abort(reason)) return;
    // On a thread of its own, since a thread of Gloo's that was parked in the meantime may hold the locks for good.
    auto done = std::make_shared<std::promise<void>>();
    auto closed = done->get_future();
    attempted([&] {
        std::thread([done, reason, close = connections_.close] {
            close(reason);
            done->set_value();
        }).detach();
        closed.wait_for(std::chrono::seconds(1));
    });
}

template <class Start>
RecordedBackend::Works RecordedBackend::recorded(ct_collective collective, c10d::OpType operation, Start &&start) {
    collectives_->enter(collective);
    c10::intrusive_ptr<c10d::Work> inner;
    try {
        inner = start();
    } catch (...) {
        collectives_->leave(collective.sequence, std::current_exception());
        throw;
    }
    // What has ended already needs nobody to follow it.
    if (collective.sequence > 0 && inner->isCompleted()) {
        collectives_->leave(collective.sequence, inner->exception());
        return inner;
    }
    auto work = c10::make_intrusive<RecordedWork>(collectives_, inner, collective.sequence, operation);
    collectives_->add(work);
    if (!c10d::isP2POp(operation)) work->follow_inner();
    return work;
}

template <class Body>
auto RecordedBackend::recorded_now(ct_collective collective, Body &&body) {
    collectives_->enter(collective);
    try {
        auto result = body();
        collectives_->leave(collective.sequence, nullptr);
        return result;
    } catch (...) {
        collectives_->leave(collective.sequence, std::current_exception());
        throw;
    }
}

void RecordedBackend::all_reduce_now(
    const at::Tensor &tensor, const c10d::AllreduceOptions &options, int32_t bucket, int64_t element_count) {
    if (!connections_.all_reduce_now) {
        Tensors tensors{tensor};
        allreduce(tensors, options, bucket, element_count)->wait(kNoTimeout);
        return;
    }
    auto collective = described(CT_COLLECTIVE_ALL_REDUCE, &tensor);
    if (element_count >= 0) collective.element_count = collective.sizes[0] = element_count;
    collective.bucket = bucket;
    collective.reduction = static_cast<int8_t>(options.reduceOp.op_);
    recorded_now(collective, [&] {
        connections_.all_reduce_now(tensor, options);
        return true;
    });
}

at::Tensor RecordedBackend::allocate(int64_t count, at::ScalarType dtype) {
    if (!connections_.allocate) return at::zeros({count}, at::TensorOptions().dtype(dtype));
    auto collective = described(CT_COLLECTIVE_ALLOCATE, nullptr);
    collective.dtype = static_cast<int8_t>(dtype);
    collective.element_count = count;
    collective.dimension_count = 1;
    collective.sizes[0] = count;
    return recorded_now(collective, [&] { return connections_.allocate(count, dtype); });
}

RecordedBackend::Works RecordedBackend::broadcast(Tensors &tensors, const c10d::BroadcastOptions &options) {
    return recorded(
        described(CT_COLLECTIVE_BROADCAST, first(tensors), tensors.size(), options.rootRank), c10d::OpType::BROADCAST,
        [&] { return inner_->broadcast(tensors, options); });
}

RecordedBackend::Works RecordedBackend::allreduce(
    Tensors &tensors, const c10d::AllreduceOptions &options, int32_t bucket, int64_t element_count) {
    auto collective = described(CT_COLLECTIVE_ALL_REDUCE, first(tensors), tensors.size());
    if (element_count >= 0) collective.element_count = collective.sizes[0] = element_count;
    collective.bucket = bucket;
    collective.reduction = static_cast<int8_t>(options.reduceOp.op_);
    return recorded(collective, c10d::OpType::ALLREDUCE, [&] { return inner_->allreduce(tensors, options); });
}

RecordedBackend::Works RecordedBackend::allreduce_coalesced(
    Tensors &tensors, const c10d::AllreduceCoalescedOptions &options) {
    auto collective = described(CT_COLLECTIVE_ALL_REDUCE, first(tensors), tensors.size());
    collective.reduction = static_cast<int8_t>(options.reduceOp.op_);
    return recorded(
        collective, c10d::OpType::ALLREDUCE_COALESCED, [&] { return inner_->allreduce_coalesced(tensors, options); });
}

RecordedBackend::Works RecordedBackend::reduce(Tensors &tensors, const c10d::ReduceOptions &options) {
    auto collective = described(CT_COLLECTIVE_REDUCE, first(tensors), tensors.size(), options.rootRank);
    collective.reduction = static_cast<int8_t>(options.reduceOp.op_);
    return recorded(collective, c10d::OpType::REDUCE, [&] { return inner_->reduce(tensors, options); });
}

RecordedBackend::Works RecordedBackend::allgather(
    TensorLists &outputs, Tensors &inputs, const c10d::AllgatherOptions &options) {
    return recorded(
        described(CT_COLLECTIVE_ALL_GATHER, first(inputs), inputs.size()), c10d::OpType::ALLGATHER,
        [&] { return inner_->allgather(outputs, inputs, options); });
}

RecordedBackend::Works RecordedBackend::gather(
    TensorLists &outputs, Tensors &inputs, const c10d::GatherOptions &options) {
    return recorded(
        described(CT_COLLECTIVE_GATHER, first(inputs), inputs.size(), options.rootRank), c10d::OpType::GATHER,
        [&] { return inner_->gather(outputs, inputs, options); });
}

RecordedBackend::Works RecordedBackend::scatter(
    Tensors &outputs, TensorLists &inputs, const c10d::ScatterOptions &options) {
    return recorded(
        described(CT_COLLECTIVE_SCATTER, first(outputs), outputs.size(), options.rootRank), c10d::OpType::SCATTER,
        [&] { return inner_->scatter(outputs, inputs, options); });
}

RecordedBackend::Works RecordedBackend::reduce_scatter(
    Tensors &outputs, TensorLists &inputs, const c10d::ReduceScatterOptions &options) {
    auto collective = described(CT_COLLECTIVE_REDUCE_SCATTER, first(outputs), outputs.size());
    collective.reduction = static_cast<int8_t>(options.reduceOp.op_);
    return recorded(
        collective, c10d::OpType::REDUCE_SCATTER, [&] { return inner_->reduce_scatter(outputs, inputs, options); });
}

RecordedBackend::Works RecordedBackend::alltoall_base(
    at::Tensor &output, at::Tensor &input, std::vector<int64_t> &output_splits, std::vector<int64_t> &input_splits,
    const c10d::AllToAllOptions &options) {
    auto collective = described(CT_COLLECTIVE_ALL_TO_ALL, &input);
    if (!input_splits.empty() || !output_splits.empty()) {
        // With splits the shares, and so the first dimension, may differ from rank to rank.
        collective.element_count = -1;
        collective.sizes[0] = -1;
    }
    return recorded(collective, c10d::OpType::ALLTOALL_BASE, [&] {
        return inner_->alltoall_base(output, input, output_splits, input_splits, options);
    });
}

RecordedBackend::Works RecordedBackend::send(Tensors &tensors, int destination, int tag) {
    return recorded(
        described(CT_COLLECTIVE_SEND, first(tensors), tensors.size(), destination), c10d::OpType::SEND,
        [&] { return inner_->send(tensors, destination, tag); });
}

RecordedBackend::Works RecordedBackend::recv(Tensors &tensors, int source, int tag) {
    return recorded(
        described(CT_COLLECTIVE_RECEIVE, first(tensors), tensors.size(), source), c10d::OpType::RECV,
        [&] { return inner_->recv(tensors, source, tag); });
}

RecordedBackend::Works RecordedBackend::barrier(const c10d::BarrierOptions &options) {
    return recorded(
        described(CT_COLLECTIVE_BARRIER, nullptr, 0), c10d::OpType::BARRIER, [&] { return inner_->barrier(options); });
}

void RecordedBackend::monitoredBarrier(const c10d::BarrierOptions &options, bool wait_for_all) {
    recorded_now(described(CT_COLLECTIVE_MONITORED_BARRIER, nullptr, 0), [&] {
        inner_->monitoredBarrier(options, wait_for_all);
        return true;
    });
}

}  // namespace ctorch

int32_t ct_group_closed_connections(ct_group self, int32_t *out, int32_t capacity) {
    int32_t count = 0;
    ctorch::attempted([&] {
        // The parked thread may hold the locks that this needs.
        if (ct_group_transport_failure(self) != nullptr) return;
        for (const int peer : self->backend->closed_connections()) {
            if (count < capacity) out[count++] = peer;
        }
    });
    return count;
}
