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
    iovec part{const_cast<Greeting *>(&greeting), sizeof(greeting)};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (descriptor >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof(control);
        cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    }
    if (sendmsg(number(), &message, MSG_NOSIGNAL) == sizeof(greeting)) return;
    const auto error = system_failure("passing memory to rank " + std::to_string(rank));
    throw Failure(has_ended() ? CTK_ERROR_PEER_ENDED : CTK_ERROR_SYSTEM, error.what(), rank);
}

std::optional<Greeting> PeerSocket::receive(Descriptor &descriptor, const Deadline &deadline) const {
    if (!is_readable(number(), deadline)) return std::nullopt;
    Greeting greeting{};
    iovec part{&greeting, sizeof(greeting)};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    const auto received = recvmsg(number(), &message, MSG_CMSG_CLOEXEC);
    for (cmsghdr *header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        int passed = -1;
        std::memcpy(&passed, CMSG_DATA(header), sizeof(int));
        descriptor = Descriptor(passed);
    }
    if (received != sizeof(greeting)) return std::nullopt;
    greeting.token[sizeof(greeting.token) - 1] = 0;
    return greeting;
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
