#include "SharedTransfer.h"

#include "Failure.h"

#include <ATen/ops/empty.h>

namespace ctk {
namespace {
/// How long to wait for the socket before the state of the group is looked at again.
constexpr auto kNap = std::chrono::milliseconds(10);
}  // namespace

SharedTransfer::SharedTransfer(
    std::shared_ptr<SharedGroup> group, const at::Tensor &tensor, int peer, int tag, bool is_send)
    : Work(-1, is_send ? c10d::OpType::SEND : c10d::OpType::RECV),
      group_(std::move(group)),
      tensor_(tensor),
      piece_(is_send || tensor.is_contiguous() ? tensor.contiguous() : at::empty(tensor.sizes(), tensor.options())),
      peer_(peer),
      tag_(tag) {
    TORCH_CHECK(
        peer >= 0 && peer < group_->world_size() && peer != group_->rank(), "there is no other rank ", peer,
        " to exchange a message with");
    auto *data = static_cast<std::byte *>(piece_.mutable_data_ptr());
    auto &channel = group_->channel(peer);
    if (is_send) {
        outgoing_ = channel.send(data, piece_.nbytes(), tag);
    } else {
        awaited_ = channel.receive(data, piece_.nbytes(), tag);
    }
}

bool SharedTransfer::has_ended() const { return outgoing_ ? outgoing_->has_left.load() : awaited_->has_come.load(); }

bool SharedTransfer::isCompleted() {
    if (!has_ended()) group_->channel(peer_).progress();
    if (!has_ended()) return false;
    end();
    return true;
}

void SharedTransfer::end() {
    std::lock_guard lock(mutex_);
    if (std::exchange(is_taken_, true)) return;
    completed_ = true;
    const auto &refusal = outgoing_ ? outgoing_->refusal : awaited_->refusal;
    if (!refusal.empty()) {
        exception_ = std::make_exception_ptr(Failure(CTK_ERROR_SYSTEM, refusal, peer_));
    } else if (awaited_ && !piece_.is_same(tensor_)) {
        tensor_.copy_(piece_);
    }
}

bool SharedTransfer::wait(std::chrono::milliseconds timeout) {
    const Deadline deadline(timeout.count() > 0 ? timeout : group_->timeout());
    auto &channel = group_->channel(peer_);
    while (!has_ended()) {
        if (is_aborted_ || group_->state().is_aborted()) return false;
        // The others may send a lot before they receive.
        for (int other = 0; other < group_->world_size(); ++other) {
            if (other != group_->rank()) group_->channel(other).progress();
        }
        if (has_ended()) break;
        check_peer();
        if (deadline.has_passed()) {
            throw Failure(
                CTK_ERROR_TIMED_OUT,
                group_->state().name(static_cast<size_t>(peer_)) + (outgoing_ ? " has not read" : " has not sent") +
                    " a message with tag " + std::to_string(tag_) + ": timed out after " + deadline.limit(),
                peer_);
        }
        channel.wait(deadline.left(kNap));
    }
    end();
    if (exception_) std::rethrow_exception(exception_);
    return true;
}

void SharedTransfer::check_peer() const {
    const auto peer = static_cast<size_t>(peer_);
    const auto state = group_->state().page(peer).state.load(std::memory_order_acquire);
    const bool is_there = group_->channel(peer_).progress();
    if (has_ended() || (is_there && state == RankState::active)) return;
    const auto name = group_->state().name(peer);
    if (state == RankState::left) throw Failure(CTK_ERROR_PEER_ENDED, name + " has left the group", peer_);
    if (state == RankState::active) {
        throw Failure(CTK_ERROR_PEER_ENDED, name + " has ended: its process was killed or crashed", peer_);
    }
    throw Failure(
        CTK_ERROR_ABORTED, name + (state == RankState::aborted ? " aborted: " : " gave up: ") +
                               group_->state().page(peer).reason,
        peer_);
}

}  // namespace ctk
