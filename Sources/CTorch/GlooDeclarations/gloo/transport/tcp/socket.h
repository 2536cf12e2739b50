#pragma once

#include <sys/socket.h>

namespace gloo::transport::tcp {
class Socket {
  public:
    // Chooses the length by the family, and calls the other one; replaced by this package, see GlooDevice.cpp.
    void bind(const struct sockaddr_storage &address);
    void bind(const struct sockaddr *address, socklen_t length);
};
}  // namespace gloo::transport::tcp
