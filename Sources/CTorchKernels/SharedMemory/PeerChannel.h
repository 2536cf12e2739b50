// What passes between this rank and another one besides collectives: memory to share, and messages with tags.
#pragma once

#include "Deadline.h"
#include "MemoryFile.h"
#include "PeerSocket.h"

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace ctk {

/// A message that this rank sends; it has left when the other rank can have it without this one.
struct OutgoingMessage {
    int32_t tag;
    size_t bytes;
    /// A short one as it is, a long one as a file.
    std::vector<std::byte> content;
    Descriptor file;
    std::atomic<bool> has_left{false};
    /// Written before `has_left`; empty where all is well.
    std::string refusal;
};

/// A message that this rank waits for.
struct AwaitedMessage {
    std::byte *data;
    size_t bytes;
    std::atomic<bool> has_come{false};
    /// Written before `has_come`; empty where all is well.
    std::string refusal;
};

/// The connection to another rank. Messages of one tag arrive in the order in which they are sent, at the receives in the
/// order in which these are posted.
///
/// Nothing happens by itself: whoever waits for something calls `progress`, from any thread.
class PeerChannel {
  public:
    /// `number`: the other rank's, in messages.
    PeerChannel(PeerSocket socket, int number) : socket_(std::move(socket)), number_(number) {}

    const PeerSocket &socket() const { return socket_; }
    /// `rank 1 (pid 77)`.
    std::string name() const;
    bool exists() const { return socket_.number() >= 0; }

    /// Offers memory to the other rank.
    void send_region(const Greeting &greeting, int descriptor) const { socket_.send(greeting, descriptor, number_); }
    /// The next memory that the other rank offers; nothing if it has ended or the time is over.
    std::optional<Greeting> receive_region(Descriptor &descriptor, const Deadline &deadline);

    /// Takes a copy of the message, and sends it now or, where the other rank reads none, with later progress.
    std::shared_ptr<OutgoingMessage> send(const std::byte *data, size_t bytes, int32_t tag);
    /// Posts a receive, which ends with the other reference to it.
    std::shared_ptr<AwaitedMessage> receive(std::byte *data, size_t bytes, int32_t tag);

    /// Sends and reads what can be sent and read at once; false when the other rank has ended and nothing is left to read.
    bool progress();
    /// Waits a moment for something to read, or to send where something is left.
    void wait(std::chrono::milliseconds limit);

  private:
    struct Region {
        Greeting greeting;
        Descriptor file;
    };
    struct Message {
        Greeting greeting;
        std::vector<std::byte> content;
        Descriptor file;
    };

    // With the lock held:
    bool read_one();
    bool send_first();
    void deliver(Message &message, AwaitedMessage &awaited) const;

    const PeerSocket socket_;
    const int number_;
    std::mutex mutex_;
    bool has_ended_ = false;
    std::deque<Region> regions_;
    std::deque<std::shared_ptr<OutgoingMessage>> outgoing_;
    std::map<int32_t, std::deque<Message>> arrived_;
    std::map<int32_t, std::deque<std::weak_ptr<AwaitedMessage>>> awaited_;
    std::vector<std::byte> space_;
};

using PeerChannels = std::vector<std::unique_ptr<PeerChannel>>;

}  // namespace ctk
