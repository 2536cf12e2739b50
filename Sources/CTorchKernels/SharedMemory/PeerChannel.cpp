#include "PeerChannel.h"

#include "Failure.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

namespace ctk {
namespace {
/// Messages up to here travel through the socket, others as files that are passed on.
constexpr size_t kShort = 16 * 1024;
}  // namespace

std::string PeerChannel::name() const {
    return "rank " + std::to_string(number_) + " (pid " + std::to_string(socket_.pid()) + ")";
}

std::optional<Greeting> PeerChannel::receive_region(Descriptor &descriptor, const Deadline &deadline) {
    for (;;) {
        const bool is_alive = progress();
        {
            std::lock_guard lock(mutex_);
            if (!regions_.empty()) {
                const auto greeting = regions_.front().greeting;
                descriptor = std::move(regions_.front().file);
                regions_.pop_front();
                return greeting;
            }
        }
        if (!is_alive || deadline.has_passed()) return std::nullopt;
        wait(deadline.left(std::chrono::milliseconds(100)));
    }
}

std::shared_ptr<OutgoingMessage> PeerChannel::send(const std::byte *data, size_t bytes, int32_t tag) {
    auto message = std::make_shared<OutgoingMessage>();
    message->tag = tag;
    message->bytes = bytes;
    if (bytes <= kShort) {
        message->content.assign(data, data + bytes);
    } else {
        message->file = create_memory_file(bytes);
        std::memcpy(Mapping(message->file, bytes).start(), data, bytes);
    }
    std::lock_guard lock(mutex_);
    outgoing_.push_back(message);
    while (!outgoing_.empty() && send_first()) {}
    return message;
}

std::shared_ptr<AwaitedMessage> PeerChannel::receive(std::byte *data, size_t bytes, int32_t tag) {
    auto awaited = std::make_shared<AwaitedMessage>();
    awaited->data = data;
    awaited->bytes = bytes;
    std::lock_guard lock(mutex_);
    auto &arrived = arrived_[tag];
    if (arrived.empty()) {
        awaited_[tag].push_back(awaited);
        return awaited;
    }
    deliver(arrived.front(), *awaited);
    arrived.pop_front();
    return awaited;
}

bool PeerChannel::progress() {
    std::lock_guard lock(mutex_);
    while (!outgoing_.empty() && send_first()) {}
    while (!has_ended_ && read_one()) {}
    return !has_ended_;
}

void PeerChannel::wait(std::chrono::milliseconds limit) {
    short events = POLLIN;
    {
        std::lock_guard lock(mutex_);
        if (!outgoing_.empty()) events |= POLLOUT;
    }
    pollfd entry{socket_.number(), events, 0};
    poll(&entry, 1, static_cast<int>(limit.count()));
}

bool PeerChannel::send_first() {
    auto &message = *outgoing_.front();
    Greeting greeting{};
    greeting.is_message = 1;
    greeting.tag = message.tag;
    greeting.bytes = message.bytes;
    try {
        if (!socket_.try_send(greeting, message.content, message.file.number(), number_)) return false;
    } catch (const std::exception &error) {
        message.refusal = error.what();
    }
    message.file = Descriptor();
    message.has_left = true;
    outgoing_.pop_front();
    return true;
}

bool PeerChannel::read_one() {
    space_.resize(kShort);
    Greeting greeting{};
    Descriptor file;
    const auto count = socket_.try_receive(greeting, space_, file);
    if (!count) return false;
    if (*count < 0) {
        has_ended_ = true;
        return false;
    }
    if (greeting.is_message == 0) {
        regions_.push_back({greeting, std::move(file)});
        return true;
    }
    Message message{greeting, {space_.begin(), space_.begin() + *count}, std::move(file)};
    auto &awaited = awaited_[greeting.tag];
    while (!awaited.empty()) {
        const auto first = awaited.front().lock();
        awaited.pop_front();
        if (!first) continue;
        deliver(message, *first);
        return true;
    }
    arrived_[greeting.tag].push_back(std::move(message));
    return true;
}

void PeerChannel::deliver(Message &message, AwaitedMessage &awaited) const {
    const auto bytes = static_cast<size_t>(message.greeting.bytes);
    const auto sender = "rank " + std::to_string(number_);
    try {
        if (bytes != awaited.bytes) {
            awaited.refusal = sender + " sent " + std::to_string(bytes) + " bytes where " +
                              std::to_string(awaited.bytes) + " are received, with tag " +
                              std::to_string(message.greeting.tag);
        } else if (bytes <= kShort) {
            if (bytes > 0) std::memcpy(awaited.data, message.content.data(), bytes);
        } else if (!message.file) {
            awaited.refusal = sender + " sent a message, but no descriptor was free here: ulimit -n";
        } else {
            check_memory_file(message.file, bytes, number_);
            std::memcpy(awaited.data, Mapping(message.file, bytes).start(), bytes);
        }
    } catch (const std::exception &error) {
        awaited.refusal = error.what();
    }
    awaited.has_come = true;
}

}  // namespace ctk
