#include "SharedRegion.h"

#include "Failure.h"

namespace ctk {
namespace {

Mapping received(PeerChannel &peer, int rank, uint32_t number, size_t bytes, const Deadline &deadline) {
    Descriptor file;
    const auto said = peer.receive_region(file, deadline);
    const auto name = peer.name();
    if (!said && (peer.socket().has_ended() || !deadline.has_passed())) {
        throw Failure(CTK_ERROR_PEER_ENDED, name + " has ended before it shared its memory", rank);
    }
    if (!said) {
        throw Failure(CTK_ERROR_TIMED_OUT, name + " has not shared its memory within " + deadline.limit(), rank);
    }
    if (said->region != number || said->bytes != bytes) {
        throw Failure(
            CTK_ERROR_MISMATCH,
            name + " shares " + std::to_string(said->bytes) + " bytes as its memory " + std::to_string(said->region) +
                ", this rank " + std::to_string(bytes) + " bytes as " + std::to_string(number),
            rank);
    }
    if (!file) throw Failure(CTK_ERROR_SYSTEM, name + " passed its memory, but no descriptor was free here: ulimit -n", rank);
    check_memory_file(file, bytes, rank);
    return Mapping(file, bytes);
}
}  // namespace

SharedRegion::SharedRegion(
    const PeerChannels &peers, int rank, uint32_t number, const Descriptor &file, size_t bytes,
    const Deadline &deadline) {
    Greeting greeting{};
    greeting.rank = rank;
    greeting.world_size = static_cast<int32_t>(peers.size());
    greeting.region = number;
    greeting.bytes = bytes;
    for (size_t other = 0; other < peers.size(); ++other) {
        if (static_cast<int>(other) != rank) peers[other]->send_region(greeting, file.number());
    }
    parts_.resize(peers.size());
    for (size_t other = 0; other < peers.size(); ++other) {
        const auto number_of_rank = static_cast<int>(other);
        parts_[other] = number_of_rank == rank ? Mapping(file, bytes)
                                               : received(*peers[other], number_of_rank, number, bytes, deadline);
    }
}

}  // namespace ctk
