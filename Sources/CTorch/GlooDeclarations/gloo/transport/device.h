#pragma once

#include <gloo/transport/unbound_buffer.h>

namespace gloo::transport {
class Device;
}  // namespace gloo::transport
