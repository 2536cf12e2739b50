#include "MemoryFile.h"

#include "Failure.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>

namespace ctk {
namespace {
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

std::string words(size_t bytes) { return std::to_string(bytes) + " bytes of shared memory"; }
}  // namespace

Descriptor create_memory_file(size_t bytes) {
    Descriptor file(memfd_create("lockstep", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file) throw system_failure("creating shared memory");
    if (ftruncate(file.number(), static_cast<off_t>(bytes)) != 0) throw system_failure(words(bytes));
    // Pages that cannot be had later would end the process with a bus error.
    if (const int error = posix_fallocate(file.number(), 0, static_cast<off_t>(bytes)); error != 0) {
        throw system_failure(words(bytes) + " cannot be had; the limit of the container or of memory may be reached", error);
    }
    if (fcntl(file.number(), F_ADD_SEALS, kSeals) != 0) throw system_failure("sealing shared memory");
    return file;
}

void check_memory_file(const Descriptor &file, size_t bytes, int rank) {
    struct stat status {};
    if (fstat(file.number(), &status) != 0) throw system_failure("shared memory of rank " + std::to_string(rank));
    const int seals = fcntl(file.number(), F_GET_SEALS);
    if (seals < 0 || (seals & kSeals) != kSeals || static_cast<size_t>(status.st_size) != bytes) {
        throw Failure(
            CTK_ERROR_MISMATCH,
            "rank " + std::to_string(rank) + " passed " + words(static_cast<size_t>(status.st_size)) +
                (seals >= 0 && (seals & kSeals) == kSeals ? "" : ", not sealed,") + " where " + std::to_string(bytes) +
                " are expected; do all ranks run the same version?",
            rank);
    }
}

Mapping::Mapping(const Descriptor &file, size_t bytes) : bytes_(bytes) {
    void *start = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file.number(), 0);
    if (start == MAP_FAILED) throw system_failure("mapping " + words(bytes));
    start_ = static_cast<std::byte *>(start);
}

Mapping::~Mapping() {
    if (start_ != nullptr) munmap(start_, bytes_);
}

void give_back(void *start, size_t bytes) {
    const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    const auto from = (reinterpret_cast<uintptr_t>(start) + page - 1) / page * page;
    const auto to = (reinterpret_cast<uintptr_t>(start) + bytes) / page * page;
    // Where this is refused the pages stay, which is as right.
    if (from < to) madvise(reinterpret_cast<void *>(from), to - from, MADV_REMOVE);
}

}  // namespace ctk
