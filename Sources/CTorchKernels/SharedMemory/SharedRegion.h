// Memory of all ranks of a machine, each rank's part of the same size.
#pragma once

#include "Deadline.h"
#include "MemoryFile.h"
#include "PeerChannel.h"

#include <cstdint>
#include <vector>

namespace ctk {

/// Every rank's memory as this process sees it. What the ranks have shared stays until the last has let go of it.
class SharedRegion {
  public:
    SharedRegion() = default;
    /// Exchanges this rank's part, a file of `bytes`, for those of the others; every rank gives the same number and size.
    SharedRegion(
        const PeerChannels &peers, int rank, uint32_t number, const Descriptor &file, size_t bytes,
        const Deadline &deadline);

    std::byte *start(size_t rank) const { return parts_[rank].start(); }
    size_t bytes() const { return parts_.empty() ? 0 : parts_.front().bytes(); }

  private:
    std::vector<Mapping> parts_;
};

}  // namespace ctk
