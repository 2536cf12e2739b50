// A collective in parts: it can be left alone while it waits for other ranks, and gone on with on any thread.
#pragma once

#include <coroutine>
#include <utility>

namespace ctk {

/// A coroutine that suspends where not all ranks have arrived yet. It starts with the first `resume`.
class Task {
  public:
    struct promise_type {
        Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        void unhandled_exception() { throw; }
    };

    Task() = default;
    Task(Task &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Task &operator=(Task &&other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Task() {
        if (handle_) handle_.destroy();
    }

    /// Goes on until the next place where it waits, or to the end; throws what the collective throws.
    void resume() { handle_.resume(); }
    bool has_ended() const { return handle_.done(); }

  private:
    explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
    std::coroutine_handle<promise_type> handle_;
};

}  // namespace ctk
