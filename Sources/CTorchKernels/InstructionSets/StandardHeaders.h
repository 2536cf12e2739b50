// What the kernels use of the standard library. It is included before the compiler is told of an instruction set: a
// function of the library that was compiled for it could be taken by the linker for the whole program.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>
