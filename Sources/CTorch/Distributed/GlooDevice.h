// The network side of a Gloo group: a socket that the other ranks connect to, and the thread that reads.
#pragma once

#include "TransportThread.h"

#include <gloo/transport/device.h>

#include <memory>
#include <string>

namespace ctorch {

/// The ports that a listening socket may have; `first` 0: any free one.
struct PortRange {
    int first;
    int last;
};

struct GlooDevice {
    std::shared_ptr<TransportThread> transport;
    std::shared_ptr<gloo::transport::Device> device;
    /// The numeric address and the port that it listens on; empty and 0 where the system does not tell.
    std::string address;
    int port = 0;
};

/// Opens a device at a local address, or at the host name's for NULL. Throws where none of the ports can be had.
GlooDevice open_gloo_device(const char *address, PortRange ports);

}  // namespace ctorch
