// Memory without a name that processes share by passing its descriptor on.
#pragma once

#include "Descriptor.h"

#include <cstddef>
#include <utility>

namespace ctk {

/// A file in memory of a fixed size, whose pages are there: no access fails later.
///
/// It belongs to no file system that could be seen or full, `/dev/shm` included, and goes with its last mapping.
Descriptor create_memory_file(size_t bytes);
/// Throws unless the file that `rank` has passed is sealed and has this size, so that no access can fail.
void check_memory_file(const Descriptor &file, size_t bytes, int rank);

/// Readable and writable memory of such a file.
class Mapping {
  public:
    Mapping() = default;
    Mapping(const Descriptor &file, size_t bytes);
    Mapping(Mapping &&other) noexcept
        : start_(std::exchange(other.start_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Mapping &operator=(Mapping &&other) noexcept {
        std::swap(start_, other.start_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~Mapping();

    std::byte *start() const { return start_; }
    size_t bytes() const { return bytes_; }

  private:
    std::byte *start_ = nullptr;
    size_t bytes_ = 0;
};

/// Gives the whole pages of a range of such memory back to the system, as far as it takes them.
///
/// They read as zeros from then on, and come back where they are touched, if the system has any left by then.
void give_back(void *start, size_t bytes);

}  // namespace ctk
