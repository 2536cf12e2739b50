// A file for what a rank shows the other processes of its machine.
#include "CTorchDistributed.h"

#include <sys/mman.h>

int32_t ct_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }
