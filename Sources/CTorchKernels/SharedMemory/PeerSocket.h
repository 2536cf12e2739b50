// The sockets between the ranks of a machine: they carry descriptors, and their end is the sign of a death.
#pragma once

#include "Deadline.h"
#include "Descriptor.h"

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace ctk {

/// What a rank says when it connects, and with each descriptor or message that it passes.
struct Greeting {
    /// Proves that the sender has read the receiver's entry in the store.
    char token[33];
    int32_t rank;
    int32_t world_size;
    /// The number of the memory that is passed, and its size; or a message's.
    uint32_t region;
    uint32_t is_message;
    int32_t tag;
    uint64_t bytes;
};

/// A connection to another rank of this machine.
class PeerSocket {
  public:
    PeerSocket() = default;
    explicit PeerSocket(Descriptor socket);
    /// Connects to the abstract address that `rank` listens at.
    PeerSocket(const std::string &name, int rank);

    /// Sends a greeting, with a descriptor unless that is -1.
    void send(const Greeting &greeting, int descriptor, int rank) const;
    /// Waits for a greeting; nothing if the peer has ended or the time is over.
    std::optional<Greeting> receive(Descriptor &descriptor, const Deadline &deadline) const;

    /// Sends a greeting and some bytes, with a descriptor unless that is -1; false where that would have to wait.
    bool try_send(const Greeting &greeting, const std::vector<std::byte> &content, int descriptor, int rank) const;
    /// Reads what is there: how many bytes came with the greeting, -1 if the peer has ended, nothing if nothing is there.
    std::optional<ssize_t> try_receive(
        Greeting &greeting, std::vector<std::byte> &content, Descriptor &descriptor) const;

    bool has_ended() const;
    int number() const { return socket_.number(); }
    pid_t pid() const { return pid_; }
    uid_t user() const { return user_; }

  private:
    Descriptor socket_;
    pid_t pid_ = 0;
    uid_t user_ = 0;
};

/// A socket at an abstract address, which no file system shows and which goes with the socket.
class Listener {
  public:
    Listener();
    const std::string &name() const { return name_; }
    /// The next connection of this user's, if one comes in time.
    std::optional<PeerSocket> accept(const Deadline &deadline) const;

  private:
    Descriptor socket_;
    std::string name_;
};

}  // namespace ctk
