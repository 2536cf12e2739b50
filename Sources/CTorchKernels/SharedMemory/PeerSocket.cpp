#include "PeerSocket.h"

#include "Failure.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>

namespace ctk {
namespace {
constexpr auto kGlance = std::chrono::milliseconds(100);

Descriptor opened() {
    Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (!socket) throw system_failure("opening a socket for shared memory");
    return socket;
}

/// Whether there is something to read, or an end, in time.
bool is_readable(int socket, const Deadline &deadline) {
    for (;;) {
        pollfd entry{socket, POLLIN, 0};
        if (poll(&entry, 1, static_cast<int>(deadline.left(kGlance).count())) > 0) return true;
        if (deadline.has_passed()) return false;
    }
}

/// A header with a place for one descriptor.
struct Packet {
    Packet(const Greeting &greeting, const std::vector<std::byte> &content)
        : parts{{const_cast<Greeting *>(&greeting), sizeof(greeting)},
                {const_cast<std::byte *>(content.data()), content.size()}} {
        message.msg_iov = parts;
        message.msg_iovlen = content.empty() ? 1 : 2;
    }

    iovec parts[2];
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
};

ssize_t sent(int socket, const Greeting &greeting, const std::vector<std::byte> &content, int descriptor, int flags) {
    Packet packet(greeting, content);
    if (descriptor >= 0) {
        packet.message.msg_control = packet.control;
        packet.message.msg_controllen = sizeof(packet.control);
        cmsghdr *header = CMSG_FIRSTHDR(&packet.message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    }
    return sendmsg(socket, &packet.message, MSG_NOSIGNAL | flags);
}

ssize_t received(int socket, Greeting &greeting, std::vector<std::byte> &content, Descriptor &descriptor, int flags) {
    Packet packet(greeting, content);
    packet.message.msg_control = packet.control;
    packet.message.msg_controllen = sizeof(packet.control);
    const auto count = recvmsg(socket, &packet.message, MSG_CMSG_CLOEXEC | flags);
    if (count < 0) return count;
    for (cmsghdr *header = CMSG_FIRSTHDR(&packet.message); header != nullptr;
         header = CMSG_NXTHDR(&packet.message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        int passed = -1;
        std::memcpy(&passed, CMSG_DATA(header), sizeof(int));
        descriptor = Descriptor(passed);
    }
    greeting.token[sizeof(greeting.token) - 1] = 0;
    return count;
}

Failure not_sent(const PeerSocket &socket, int rank) {
    const auto error = system_failure("passing memory to rank " + std::to_string(rank));
    return Failure(socket.has_ended() ? CTK_ERROR_PEER_ENDED : CTK_ERROR_SYSTEM, error.what(), rank);
}
}  // namespace

PeerSocket::PeerSocket(Descriptor socket) : socket_(std::move(socket)) {
    ucred peer{};
    socklen_t length = sizeof(peer);
    if (getsockopt(number(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) throw system_failure("reading a peer's user");
    pid_ = peer.pid;
    user_ = peer.uid;
}

PeerSocket::PeerSocket(const std::string &name, int rank) {
    auto socket = opened();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), std::min(name.size(), sizeof(address.sun_path) - 1));
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (connect(socket.number(), reinterpret_cast<sockaddr *>(&address), length) != 0) {
        const auto error = system_failure("connecting to rank " + std::to_string(rank) + " at @" + name);
        throw Failure(
            CTK_ERROR_PEER_ENDED,
            std::string(error.what()) +
                "; it has ended, or it runs in another container or network namespace of this machine",
            rank);
    }
    *this = PeerSocket(std::move(socket));
}

void PeerSocket::send(const Greeting &greeting, int descriptor, int rank) const {
    if (sent(number(), greeting, {}, descriptor, 0) == sizeof(greeting)) return;
    throw not_sent(*this, rank);
}

std::optional<Greeting> PeerSocket::receive(Descriptor &descriptor, const Deadline &deadline) const {
    if (!is_readable(number(), deadline)) return std::nullopt;
    Greeting greeting{};
    std::vector<std::byte> none;
    if (received(number(), greeting, none, descriptor, 0) != sizeof(greeting)) return std::nullopt;
    return greeting;
}

bool PeerSocket::try_send(
    const Greeting &greeting, const std::vector<std::byte> &content, int descriptor, int rank) const {
    if (sent(number(), greeting, content, descriptor, MSG_DONTWAIT) >= 0) return true;
    // Too many descriptors under way count as a full socket.
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ETOOMANYREFS) return false;
    throw not_sent(*this, rank);
}

std::optional<ssize_t> PeerSocket::try_receive(
    Greeting &greeting, std::vector<std::byte> &content, Descriptor &descriptor) const {
    const auto count = received(number(), greeting, content, descriptor, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return std::nullopt;
    if (count < static_cast<ssize_t>(sizeof(greeting))) return -1;
    return count - static_cast<ssize_t>(sizeof(greeting));
}

bool PeerSocket::has_ended() const {
    pollfd entry{number(), POLLIN | POLLRDHUP, 0};
    return poll(&entry, 1, 0) > 0 && (entry.revents & (POLLHUP | POLLRDHUP | POLLERR)) != 0;
}

Listener::Listener() : socket_(opened()) {
    // With no more than the family given, the system chooses a free abstract address.
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socklen_t length = sizeof(address.sun_family);
    if (bind(socket_.number(), reinterpret_cast<sockaddr *>(&address), length) != 0 ||
        listen(socket_.number(), SOMAXCONN) != 0) {
        throw system_failure("listening for the ranks of this machine");
    }
    length = sizeof(address);
    if (getsockname(socket_.number(), reinterpret_cast<sockaddr *>(&address), &length) != 0) {
        throw system_failure("reading a socket's address");
    }
    name_.assign(address.sun_path + 1, length - offsetof(sockaddr_un, sun_path) - 1);
}

std::optional<PeerSocket> Listener::accept(const Deadline &deadline) const {
    while (is_readable(socket_.number(), deadline)) {
        Descriptor socket(accept4(socket_.number(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!socket && (errno == EINTR || errno == ECONNABORTED)) continue;
        if (!socket) throw system_failure("accepting a rank of this machine");
        PeerSocket peer(std::move(socket));
        if (peer.user() == geteuid()) return peer;
    }
    return std::nullopt;
}

}  // namespace ctk
