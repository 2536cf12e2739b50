// What becomes of an exception that escapes from one of Gloo's own threads.
#pragma once

#include <functional>
#include <memory>

namespace ctorch {

/// What a group knows of the thread that reads from its connections.
///
/// Gloo's throws, on that thread, when more arrives than this rank expects, which would end the process. The thread is
/// parked instead, for good and with whatever locks it holds, so that there is time to tell what happened; the group must
/// then be left alone.
class TransportThread {
  public:
    /// Runs `start`, which starts the thread.
    static std::shared_ptr<TransportThread> started_by(const std::function<void()> &start);
    ~TransportThread();

    /// What the exception said; NULL while there is none.
    const char *failure() const;

    struct State;

  private:
    explicit TransportThread(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
};

}  // namespace ctorch
