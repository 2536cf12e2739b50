// How the ranks of one machine find each other.
#pragma once

#include "Deadline.h"
#include "PeerSocket.h"

#include "CTorchSharedMemory.h"

#include <vector>

namespace ctk {

/// The ranks of a group that run on this machine.
struct Members {
    /// This rank's place among them.
    int rank;
    /// What messages and the keys of the rendezvous call each of them.
    std::vector<int> numbers;

    /// Ranks 0, 1, … of a group that has no others.
    static Members all(int rank, int world_size);
    int number() const { return numbers[static_cast<size_t>(rank)]; }
};

/// Where the other ranks of the machine can connect to this one.
///
/// Once it is published, the rank's end is seen by whoever waits for it: from then on nobody listens there.
class JoiningPlace {
  public:
    JoiningPlace();

    /// Tells where it is under the key of a rank's number.
    void publish(int number, const ctk_rendezvous &rendezvous) const;

    const Listener &listener() const { return listener_; }
    /// What proves that somebody has read the published text.
    const std::string &token() const { return token_; }

  private:
    const Listener listener_;
    const std::string token_;
};

/// Connects this rank with each other; the entry of the rank itself stays empty.
///
/// Each rank connects to the lower ones and is connected to by the higher ones. Throws where a rank has ended, or does not
/// come before the deadline.
std::vector<PeerSocket> join(
    const JoiningPlace &place, const Members &members, const ctk_rendezvous &rendezvous, const Deadline &deadline);

}  // namespace ctk
