// The host's own randomness: the key of a run's generator, read once before the guest runs.
#pragma once

#include <array>

#include "base/types.hpp"

namespace paemu::host {
using namespace base;

std::array<u8, 32> random_key();

}  // namespace paemu::host
