// A message between two ranks of a machine as a work of c10d.
#pragma once

#include "SharedGroup.h"

#include <torch/csrc/distributed/c10d/Work.hpp>

#include <functional>

namespace ctk {

/// A send or a receive. It goes on while somebody waits for it or asks whether it has ended.
class SharedTransfer final : public c10d::Work {
  public:
    SharedTransfer(std::shared_ptr<SharedGroup> group, const at::Tensor &tensor, int peer, int tag, bool is_send);

    bool isCompleted() override;
    /// `timeout` 0: the group's. Throws where the message does not pass in time, or the other rank has ended.
    bool wait(std::chrono::milliseconds timeout) override;
    int sourceRank() const override { return peer_; }
    void abort() override { is_aborted_ = true; }
    std::vector<at::Tensor> result() override { return {tensor_}; }

  private:
    bool has_ended() const;
    void check_peer() const;
    void end();

    const std::shared_ptr<SharedGroup> group_;
    const at::Tensor tensor_;
    const at::Tensor piece_;
    const int peer_;
    const int tag_;
    std::atomic<bool> is_aborted_{false};
    bool is_taken_ = false;
    std::shared_ptr<OutgoingMessage> outgoing_;
    std::shared_ptr<AwaitedMessage> awaited_;
};

}  // namespace ctk
