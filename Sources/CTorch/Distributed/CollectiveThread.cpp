#include "CollectiveThread.h"

#include <ATen/core/grad_mode.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <pthread.h>

#include <stdexcept>

namespace ctorch {

// --- ThreadWork

ThreadWork::ThreadWork(c10d::OpType operation, Body body, std::vector<at::Tensor> results)
    : Work(-1, operation),
      body(std::move(body)),
      results_(std::move(results)),
      future_(c10::make_intrusive<c10::ivalue::Future>(c10::ListType::create(c10::TensorType::get()))) {}

void ThreadWork::end(const std::exception_ptr &error) {
    finish(error);
    if (error) {
        future_->setError(error);
    } else {
        future_->markCompleted(c10::IValue(results_));
    }
}

// --- CollectiveThread

c10::intrusive_ptr<c10d::Work> CollectiveThread::start(
    c10d::OpType operation, ThreadWork::Body body, std::vector<at::Tensor> results) {
    auto work = c10::make_intrusive<ThreadWork>(operation, std::move(body), std::move(results));
    const Lock lock(mutex_);
    works_.push_back(work);
    if (!thread_.joinable() && !is_stopping_) {
        thread_ = std::thread([self = shared_from_this()] { self->work_off(); });
        pthread_setname_np(thread_.native_handle(), "lockstep-ranks");
    }
    changed_.notify_all();
    return work;
}

std::exception_ptr CollectiveThread::attempt(Lock &lock, const ThreadWork::Body &body) {
    if (failure_) return failure_;
    is_busy_ = true;
    lock.unlock();
    std::exception_ptr error;
    try {
        const at::NoGradGuard guard;
        body();
    } catch (...) {
        error = std::current_exception();
    }
    lock.lock();
    is_busy_ = false;
    if (error) failure_ = error;
    changed_.notify_all();
    return error;
}

void CollectiveThread::run(const ThreadWork::Body &body) {
    Lock lock(mutex_);
    changed_.wait(lock, [&] { return works_.empty() && !is_busy_; });
    if (const auto error = attempt(lock, body)) std::rethrow_exception(error);
}

void CollectiveThread::work_off() {
    Lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [&] { return works_.empty() ? is_stopping_ : !is_busy_; });
        if (works_.empty()) return;
        // It stays in the queue until it has ended, so that nothing overtakes it.
        const auto work = works_.front();
        const auto error = attempt(lock, work->body);
        works_.pop_front();
        lock.unlock();
        work->end(error);
        lock.lock();
        changed_.notify_all();
    }
}

void CollectiveThread::stop() {
    {
        const Lock lock(mutex_);
        is_stopping_ = true;
        if (!works_.empty() && !failure_) {
            failure_ = std::make_exception_ptr(
                std::runtime_error("the group was released while a collective was in progress"));
        }
        changed_.notify_all();
    }
    if (!thread_.joinable()) return;
    if (thread_.get_id() == std::this_thread::get_id()) {
        thread_.detach();
    } else {
        thread_.join();
    }
}

}  // namespace ctorch
