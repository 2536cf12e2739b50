// Declarations of Gloo's types that c10d's header mentions. The wheel has Gloo's code but not its headers; nothing
// here is defined or instantiated, so only names and virtual order matter.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace gloo {
class Context {
  public:
    void setTimeout(std::chrono::milliseconds timeout);
};
}  // namespace gloo
