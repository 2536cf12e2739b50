// What this process keeps of the memory that it does not use.
#include "CTorch.h"

#include <elf.h>
#include <link.h>
#include <malloc.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <limits>

void ct_keep_freed_memory(void) {
    mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the largest that glibc takes
    mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
    mallopt(M_TOP_PAD, 16 << 20);
}

namespace {
/// Lets go of the pages of a loaded file that hold code. Nothing has changed them, so the system maps them again, out
/// of its cache of the file, where they are run again.
int release_code(dl_phdr_info *object, size_t, void *) {
    if (object->dlpi_addr == getauxval(AT_SYSINFO_EHDR)) return 0;  // the kernel's own, which is no file
    const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    for (int i = 0; i < object->dlpi_phnum; ++i) {
        const auto &segment = object->dlpi_phdr[i];
        if (segment.p_type != PT_LOAD || (segment.p_flags & (PF_X | PF_W)) != PF_X) continue;
        const uintptr_t begin = (object->dlpi_addr + segment.p_vaddr) / page * page;
        const uintptr_t end = object->dlpi_addr + segment.p_vaddr + segment.p_memsz;
        // A kernel that refuses keeps the pages, which is no fault.
        madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
    }
    return 0;
}
}  // namespace

void ct_release_unused_memory(void) {
    malloc_trim(0);
    dl_iterate_phdr(release_code, nullptr);
}
