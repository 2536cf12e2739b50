// How messages name a collective.
#pragma once

#include "RankPage.h"

#include <string>

namespace ctk {

/// `all-reduce #7 (sum of 1000 float32)`.
std::string words(const Collective &collective);

}  // namespace ctk
