// Pseudo-random bytes: for getrandom(2), AT_RANDOM and /dev/urandom. Deterministic for a machine's history, as
// everything here is: the state is stirred by times of events, which replay exactly.
#pragma once

#include "base/types.hpp"

namespace ido {
using namespace base;

void random_bytes(void* to, u32 size);
void stir_random(u64 value);

}  // namespace ido
