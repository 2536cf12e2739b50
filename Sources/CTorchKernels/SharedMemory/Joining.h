// How the ranks of one machine find each other.
#pragma once

#include "Deadline.h"
#include "PeerSocket.h"

#include "CTorchSharedMemory.h"

#include <vector>

namespace ctk {

/// Connects this rank with each other; the entry of the rank itself stays empty.
///
/// Each rank listens, publishes where, connects to the lower ranks and is connected to by the higher ones.
std::vector<PeerSocket> join(int rank, int world_size, const ctk_rendezvous &rendezvous, const Deadline &deadline);

}  // namespace ctk
