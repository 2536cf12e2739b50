#include "Joining.h"

#include "Failure.h"

#include <sys/random.h>

#include <array>
#include <fstream>
#include <sstream>
#include <thread>

namespace ctk {
namespace {

std::string hexadecimal(const unsigned char *bytes, size_t count) {
    std::string text;
    for (size_t i = 0; i < count; ++i) {
        text += "0123456789abcdef"[bytes[i] >> 4];
        text += "0123456789abcdef"[bytes[i] & 15];
    }
    return text;
}

std::string random_token() {
    std::array<unsigned char, 16> bytes{};
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        throw system_failure("drawing a random number");
    }
    return hexadecimal(bytes.data(), bytes.size());
}

/// What is the same for all processes of a machine, and different on another one; `-` where the system does not tell.
std::string machine() {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string text;
    return file >> text ? text : "-";
}

std::string key(int rank) { return "shm/" + std::to_string(rank); }

/// Where a rank listens.
struct Place {
    std::string machine;
    std::string token;
    std::string name;
};

/// Waits until `rank` has published where it listens.
Place place_of(int rank, const ctk_rendezvous &rendezvous, const Deadline &deadline) {
    char value[256] = "";
    auto pause = std::chrono::milliseconds(1);
    for (;;) {
        const int found = rendezvous.get(rendezvous.context, key(rank).c_str(), value, sizeof(value));
        if (found > 0) break;
        if (found < 0) throw Failure(CTK_ERROR_SYSTEM, "looking up " + key(rank) + " in the store failed", rank);
        if (deadline.has_passed()) {
            throw Failure(
                CTK_ERROR_TIMED_OUT, "rank " + std::to_string(rank) + " has not joined within " + deadline.limit(), rank);
        }
        std::this_thread::sleep_for(deadline.left(pause));
        pause = std::min(2 * pause, std::chrono::milliseconds(20));
    }
    value[sizeof(value) - 1] = 0;
    Place place;
    if (!(std::istringstream(value) >> place.machine >> place.token >> place.name)) {
        throw Failure(CTK_ERROR_MISMATCH, "the store's " + key(rank) + " is not a rank's address: " + value, rank);
    }
    return place;
}

Greeting greeting(int rank, int world_size, const std::string &token) {
    Greeting result{};
    std::strncpy(result.token, token.c_str(), sizeof(result.token) - 1);
    result.rank = rank;
    result.world_size = world_size;
    return result;
}

std::string missing_after(const std::vector<PeerSocket> &peers, int rank) {
    std::string text;
    for (size_t other = static_cast<size_t>(rank) + 1; other < peers.size(); ++other) {
        if (peers[other].number() < 0) text += (text.empty() ? "" : ", ") + std::to_string(other);
    }
    return text;
}
}  // namespace

std::vector<PeerSocket> join(int rank, int world_size, const ctk_rendezvous &rendezvous, const Deadline &deadline) {
    std::vector<PeerSocket> peers(static_cast<size_t>(world_size));
    if (world_size == 1) return peers;
    const Listener listener;
    const auto token = random_token();
    const auto value = machine() + " " + token + " " + listener.name();
    if (!rendezvous.set(rendezvous.context, key(rank).c_str(), value.c_str())) {
        throw Failure(CTK_ERROR_SYSTEM, "storing " + key(rank) + " in the store failed");
    }

    for (int other = 0; other < rank; ++other) {
        const auto place = place_of(other, rendezvous, deadline);
        if (place.machine != machine()) {
            throw Failure(
                CTK_ERROR_MISMATCH,
                "rank " + std::to_string(other) + " runs on another machine than rank " + std::to_string(rank) +
                    "; only ranks of one machine share memory",
                other);
        }
        auto &peer = peers[static_cast<size_t>(other)];
        peer = PeerSocket(place.name, other);
        peer.send(greeting(rank, world_size, place.token), -1, other);
    }

    for (int count = rank + 1; count < world_size;) {
        auto peer = listener.accept(deadline);
        if (!peer) {
            const auto missing = missing_after(peers, rank);
            throw Failure(
                CTK_ERROR_TIMED_OUT, "rank " + missing + " has not joined within " + deadline.limit(), std::stoi(missing));
        }
        Descriptor none;
        // A stranger that says nothing must not hold the ranks up for long.
        const auto said = peer->receive(none, Deadline(deadline.left(std::chrono::milliseconds(2000))));
        if (!said || token != said->token) continue;
        if (said->world_size != world_size || said->rank <= rank || said->rank >= world_size ||
            peers[static_cast<size_t>(said->rank)].number() >= 0) {
            throw Failure(
                CTK_ERROR_MISMATCH,
                "a process joined as rank " + std::to_string(said->rank) + " of " + std::to_string(said->world_size) +
                    ", which rank " + std::to_string(rank) + " of " + std::to_string(world_size) +
                    " does not expect; are two processes started with the same rank?",
                said->rank);
        }
        peers[static_cast<size_t>(said->rank)] = std::move(*peer);
        ++count;
    }
    return peers;
}

}  // namespace ctk
