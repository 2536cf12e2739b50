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

std::string key(int number) { return "shm/" + std::to_string(number); }
std::string rank_in_words(int number) { return "rank " + std::to_string(number); }

/// Where a rank listens.
struct Address {
    std::string machine;
    std::string token;
    std::string name;
};

/// The connections of one rank, while they come about.
class Meeting {
  public:
    Meeting(
        const JoiningPlace &place, const Members &members, const ctk_rendezvous &rendezvous, const Deadline &deadline)
        : place_(place), members_(members), rendezvous_(rendezvous), deadline_(deadline), peers_(members.numbers.size()) {}

    std::vector<PeerSocket> connect() {
        for (size_t other = 0; other < own(); ++other) connect_to(other);
        for (size_t count = own() + 1; count < peers_.size();) count += accept_one() ? 1 : 0;
        return std::move(peers_);
    }

  private:
    size_t own() const { return static_cast<size_t>(members_.rank); }

    /// Where a rank listens, if it has published that.
    std::optional<Address> address_of(size_t rank) const {
        const auto number = members_.numbers[rank];
        char value[256] = "";
        const int found = rendezvous_.get(rendezvous_.context, key(number).c_str(), value, sizeof(value));
        if (found < 0) throw Failure(CTK_ERROR_SYSTEM, "looking up " + key(number) + " in the store failed", number);
        if (found == 0) return std::nullopt;
        value[sizeof(value) - 1] = 0;
        Address address;
        if (!(std::istringstream(value) >> address.machine >> address.token >> address.name)) {
            throw Failure(CTK_ERROR_MISMATCH, "the store's " + key(number) + " is not a rank's address: " + value, number);
        }
        return address;
    }

    void connect_to(size_t other) {
        const auto number = members_.numbers[other];
        std::optional<Address> address;
        for (auto pause = std::chrono::milliseconds(1); !(address = address_of(other));) {
            check_connected();
            if (deadline_.has_passed()) throw late(rank_in_words(number), number);
            std::this_thread::sleep_for(deadline_.left(pause));
            pause = std::min(2 * pause, std::chrono::milliseconds(20));
        }
        if (address->machine != machine()) {
            throw Failure(
                CTK_ERROR_MISMATCH,
                rank_in_words(number) + " runs on another machine than " + rank_in_words(members_.number()) +
                    "; only ranks of one machine share memory",
                number);
        }
        peers_[other] = PeerSocket(address->name, number);
        Greeting greeting{};
        std::strncpy(greeting.token, address->token.c_str(), sizeof(greeting.token) - 1);
        greeting.rank = members_.rank;
        greeting.world_size = static_cast<int32_t>(peers_.size());
        peers_[other].send(greeting, -1, number);
    }

    /// Waits for the next connection of a higher rank; false where somebody else came.
    bool accept_one() {
        std::optional<PeerSocket> peer;
        auto patience = std::chrono::milliseconds(250);
        while (!(peer = place_.listener().accept(Deadline(deadline_.left(patience))))) {
            check_connected();
            if (deadline_.has_passed()) throw late();
            check_awaited();
            patience = std::min(2 * patience, std::chrono::milliseconds(1000));
        }
        Descriptor none;
        // A stranger that says nothing must not hold the ranks up for long.
        const auto said = peer->receive(none, Deadline(deadline_.left(std::chrono::milliseconds(2000))));
        if (!said || place_.token() != said->token) return false;
        const auto size = static_cast<int>(peers_.size());
        if (said->world_size != size || said->rank <= members_.rank || said->rank >= size ||
            peers_[static_cast<size_t>(said->rank)].number() >= 0) {
            throw Failure(
                CTK_ERROR_MISMATCH,
                "a process joined as rank " + std::to_string(said->rank) + " of " + std::to_string(said->world_size) +
                    ", which rank " + std::to_string(members_.rank) + " of " + std::to_string(size) +
                    " does not expect; are two processes started with the same rank?",
                said->rank);
        }
        peers_[static_cast<size_t>(said->rank)] = std::move(*peer);
        return true;
    }

    /// Throws where a rank has ended that was connected with this one already.
    void check_connected() const {
        for (size_t other = 0; other < peers_.size(); ++other) {
            if (peers_[other].number() < 0 || !peers_[other].has_ended()) continue;
            throw Failure(
                CTK_ERROR_PEER_ENDED, rank_in_words(members_.numbers[other]) + " has ended while the ranks joined",
                members_.numbers[other]);
        }
    }

    /// Throws where a rank has ended that has published its place and has not connected yet: nobody listens there.
    void check_awaited() const {
        for (size_t other = own() + 1; other < peers_.size(); ++other) {
            if (peers_[other].number() >= 0) continue;
            const auto address = address_of(other);
            if (address && address->machine == machine()) PeerSocket(address->name, members_.numbers[other]);
        }
    }

    Failure late(const std::string &ranks, int first) const {
        return Failure(CTK_ERROR_TIMED_OUT, ranks + " has not joined within " + deadline_.limit(), first);
    }
    Failure late() const {
        std::string ranks;
        int first = -1;
        for (size_t other = own() + 1; other < peers_.size(); ++other) {
            if (peers_[other].number() >= 0) continue;
            if (first < 0) first = members_.numbers[other];
            ranks += (ranks.empty() ? "" : ", ") + std::to_string(members_.numbers[other]);
        }
        return late("rank " + ranks, first);
    }

    const JoiningPlace &place_;
    const Members &members_;
    const ctk_rendezvous &rendezvous_;
    const Deadline &deadline_;
    std::vector<PeerSocket> peers_;
};
}  // namespace

Members Members::all(int rank, int world_size) {
    Members result{rank, {}};
    for (int other = 0; other < world_size; ++other) result.numbers.push_back(other);
    return result;
}

JoiningPlace::JoiningPlace() : token_(random_token()) {}

void JoiningPlace::publish(int number, const ctk_rendezvous &rendezvous) const {
    const auto value = machine() + " " + token_ + " " + listener_.name();
    if (!rendezvous.set(rendezvous.context, key(number).c_str(), value.c_str())) {
        throw Failure(CTK_ERROR_SYSTEM, "storing " + key(number) + " in the store failed");
    }
}

std::vector<PeerSocket> join(
    const JoiningPlace &place, const Members &members, const ctk_rendezvous &rendezvous, const Deadline &deadline) {
    return Meeting(place, members, rendezvous, deadline).connect();
}

}  // namespace ctk
