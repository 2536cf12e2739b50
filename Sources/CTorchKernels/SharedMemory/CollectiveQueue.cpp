#include "CollectiveQueue.h"

#include "Failure.h"

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <pthread.h>

namespace ctk {

// --- SharedWork

bool SharedWork::advance(SharedGroup &group, StepBarrier::Patience patience) {
    try {
        if (!group.advance(task_, deadline_, patience)) return false;
        if (data_.finish) data_.finish();
        end(nullptr);
    } catch (...) {
        end(std::current_exception());
    }
    return true;
}

void SharedWork::end(std::exception_ptr error) {
    c10::intrusive_ptr<c10::ivalue::Future> future;
    {
        std::lock_guard lock(mutex_);
        exception_ = error;
        completed_ = true;
        future = future_;
    }
    has_ended_.store(true, std::memory_order_release);
    if (!future) return;
    if (error) {
        future->setErrorIfNeeded(error);
    } else {
        future->markCompleted(c10::IValue(data_.results));
    }
}

bool SharedWork::wait(std::chrono::milliseconds timeout) {
    if (!isCompleted() && !queue_->wait(*this, timeout)) {
        throw Failure(
            CTK_ERROR_TIMED_OUT, "the time to wait was over: timed out after " + std::to_string(timeout.count()) + " ms");
    }
    if (exception_) std::rethrow_exception(exception_);
    return true;
}

c10::intrusive_ptr<c10::ivalue::Future> SharedWork::getFuture() {
    std::lock_guard lock(mutex_);
    if (!future_) {
        future_ = c10::make_intrusive<c10::ivalue::Future>(c10::ListType::create(c10::TensorType::get()));
        if (completed_ && exception_) future_->setError(exception_);
        if (completed_ && !exception_) future_->markCompleted(c10::IValue(data_.results));
    }
    return future_;
}

// --- CollectiveQueue

void CollectiveQueue::start(const Work &work) {
    Lock lock(mutex_);
    if (is_busy_ || !works_.empty()) {
        works_.push_back(work);
        return leave_to_thread(lock);
    }
    is_busy_ = true;
    lock.unlock();
    const bool has_ended = work->advance(*group_, StepBarrier::Patience::brief);
    lock.lock();
    if (!has_ended) works_.push_front(work);
    end_turn(lock);
}

bool CollectiveQueue::wait(SharedWork &work, std::chrono::milliseconds timeout) {
    Lock lock(mutex_);
    if (timeout.count() > 0) {
        return changed_.wait_for(lock, timeout, [&] { return work.isCompleted(); });
    }
    while (!work.isCompleted()) {
        if (!is_busy_ && !works_.empty()) {
            advance_first(lock);
        } else {
            changed_.wait(lock);
        }
    }
    return true;
}

void CollectiveQueue::run(Task task, std::chrono::milliseconds timeout) {
    Lock lock(mutex_);
    while (is_busy_ || !works_.empty()) {
        if (is_busy_) {
            changed_.wait(lock);
        } else {
            advance_first(lock);
        }
    }
    is_busy_ = true;
    lock.unlock();
    std::exception_ptr error;
    try {
        group_->advance(task, Deadline(timeout), StepBarrier::Patience::full);
    } catch (...) {
        error = std::current_exception();
    }
    lock.lock();
    end_turn(lock);
    if (error) std::rethrow_exception(error);
}

void CollectiveQueue::stop() {
    {
        Lock lock(mutex_);
        is_stopping_ = true;
        if (is_busy_ || !works_.empty()) group_->abort("the group was released while a collective was in progress");
        changed_.notify_all();
    }
    group_->leave();
    if (!thread_.joinable()) return;
    if (thread_.get_id() == std::this_thread::get_id()) {
        thread_.detach();
    } else {
        thread_.join();
    }
}

void CollectiveQueue::end_turn(Lock &lock) {
    is_busy_ = false;
    if (works_.empty()) {
        changed_.notify_all();
    } else {
        leave_to_thread(lock);
    }
}

void CollectiveQueue::advance_first(Lock &lock) {
    is_busy_ = true;
    const auto work = works_.front();
    works_.pop_front();
    lock.unlock();
    work->advance(*group_, StepBarrier::Patience::full);
    lock.lock();
    is_busy_ = false;
    changed_.notify_all();
}

void CollectiveQueue::leave_to_thread(Lock &) {
    if (!thread_.joinable() && !is_stopping_) {
        thread_ = std::thread([self = shared_from_this()] { self->work_off(); });
        pthread_setname_np(thread_.native_handle(), "lockstep-shm");
    }
    changed_.notify_all();
}

void CollectiveQueue::work_off() {
    Lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [&] { return works_.empty() ? is_stopping_ : !is_busy_; });
        if (works_.empty()) return;
        advance_first(lock);
    }
}

}  // namespace ctk
