// What the parts of the shared-memory backend throw.
#pragma once

#include "CTorchSharedMemory.h"

#include <cerrno>
#include <cstring>
#include <exception>
#include <string>
#include <utility>

namespace ctk {

/// A failure with a kind (CTK_ERROR_…) and the rank that it is about, -1 for none.
class Failure final : public std::exception {
  public:
    Failure(int kind, std::string message, int rank = -1) : kind(kind), rank(rank), message_(std::move(message)) {}
    const char *what() const noexcept override { return message_.c_str(); }

    const int kind;
    const int rank;

  private:
    const std::string message_;
};

/// The failure that `errno` describes.
inline Failure system_failure(const std::string &what, int error = errno) {
    return Failure(CTK_ERROR_SYSTEM, what + ": " + std::strerror(error));
}

}  // namespace ctk
