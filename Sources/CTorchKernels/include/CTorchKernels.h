// The C interface to Lockstep's own C++: what is faster here than in LibTorch.
#ifndef LOCKSTEP_CTORCH_KERNELS_H
#define LOCKSTEP_CTORCH_KERNELS_H

#include "CTorchSharedMemory.h"

#endif
