#include "GlooDevice.h"

#include <gloo/transport/tcp/socket.h>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <sys/stat.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <set>
#include <stdexcept>

namespace ctorch {
namespace {

/// The ports that the device in the making on this thread still has to try.
struct PortChoice {
    PortRange range;
    int next;
    bool was_asked = false;
    std::string refusal;
};
thread_local PortChoice *choice = nullptr;

uint16_t &port_of(sockaddr_storage &address) {
    return address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6 &>(address).sin6_port
                                         : reinterpret_cast<sockaddr_in &>(address).sin_port;
}

/// Calls `visit` with each open descriptor that is a socket, and the number of the socket.
template <class Visit>
void for_each_socket(Visit &&visit) {
    DIR *folder = opendir("/proc/self/fd");
    if (folder == nullptr) return;
    while (const dirent *entry = readdir(folder)) {
        if (entry->d_name[0] == '.') continue;
        const int descriptor = std::atoi(entry->d_name);
        struct stat status {};
        if (fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode)) visit(descriptor, status.st_ino);
    }
    closedir(folder);
}

std::set<ino_t> sockets() {
    std::set<ino_t> numbers;
    for_each_socket([&](int, ino_t number) { numbers.insert(number); });
    return numbers;
}

bool is_listening(int descriptor) {
    int value = 0;
    socklen_t length = sizeof(value);
    return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value != 0;
}

/// Where the socket listens that has come since `before`; at `address`, if that is numeric.
void find_listener(GlooDevice &device, const std::set<ino_t> &before, const char *address) {
    for_each_socket([&](int descriptor, ino_t number) {
        if (before.count(number) != 0 || !is_listening(descriptor)) return;
        sockaddr_storage own{};
        socklen_t length = sizeof(own);
        if (getsockname(descriptor, reinterpret_cast<sockaddr *>(&own), &length) != 0) return;
        const void *bytes = own.ss_family == AF_INET6
                                ? static_cast<const void *>(&reinterpret_cast<sockaddr_in6 &>(own).sin6_addr)
                                : static_cast<const void *>(&reinterpret_cast<sockaddr_in &>(own).sin_addr);
        char text[INET6_ADDRSTRLEN] = "";
        if (inet_ntop(own.ss_family, bytes, text, sizeof(text)) == nullptr) return;
        // Another thread may have opened a listening socket meanwhile, a store's for instance.
        unsigned char given[sizeof(in6_addr)];
        if (address != nullptr && inet_pton(own.ss_family, address, given) == 1 &&
            std::memcmp(given, bytes, own.ss_family == AF_INET6 ? sizeof(in6_addr) : sizeof(in_addr)) != 0) {
            return;
        }
        device.address = text;
        device.port = ntohs(port_of(own));
    });
}

std::shared_ptr<gloo::transport::Device> created(const char *address) {
    return address == nullptr ? c10d::ProcessGroupGloo::createDefaultDevice()
                              : c10d::ProcessGroupGloo::createDeviceForHostname(address);
}

/// Another process may take a port between its choice and its use, and then the next one is tried.
std::shared_ptr<gloo::transport::Device> created(const char *address, PortRange range) {
    PortChoice ports{range, range.first};
    for (;;) {
        const int first = ports.next;
        choice = &ports;
        try {
            auto device = created(address);
            choice = nullptr;
            return device;
        } catch (const std::exception &) {
            choice = nullptr;
            if (!ports.was_asked || ports.next > range.last || ports.next == first) throw;
        }
    }
}
}  // namespace

void bind_to_chosen_port(gloo::transport::tcp::Socket &socket, const sockaddr_storage &address) {
    const socklen_t length = address.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    sockaddr_storage changed = address;
    if (choice == nullptr || port_of(changed) != 0) {
        return socket.bind(reinterpret_cast<const sockaddr *>(&address), length);
    }
    choice->was_asked = true;
    while (choice->next <= choice->range.last) {
        port_of(changed) = htons(static_cast<uint16_t>(choice->next++));
        try {
            return socket.bind(reinterpret_cast<const sockaddr *>(&changed), length);
        } catch (const std::exception &error) {
            choice->refusal = error.what();
        }
    }
    throw std::runtime_error("no port of the range can be had: " + choice->refusal);
}

GlooDevice open_gloo_device(const char *address, PortRange ports) {
    GlooDevice result;
    result.transport = TransportThread::started_by([&] {
        const auto before = sockets();
        result.device = ports.first > 0 ? created(address, ports) : created(address);
        find_listener(result, before, address);
    });
    return result;
}

}  // namespace ctorch

// Gloo has no setting for its ports. It calls this function through the dynamic linker, which takes the program's in
// place of LibTorch's; where it does not, the port shows it.
void gloo::transport::tcp::Socket::bind(const struct sockaddr_storage &address) {
    ctorch::bind_to_chosen_port(*this, address);
}
