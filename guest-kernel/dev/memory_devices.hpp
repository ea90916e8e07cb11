// The devices that are no hardware: null, zero, full, random, urandom, kmsg (mem(4), random(4)).
#pragma once

#include "base/types.hpp"

namespace ido {

void init_memory_devices();

// Bytes for getrandom(2), AT_RANDOM and /dev/urandom: deterministic for a machine's history, as everything here is.
void random_bytes(void* to, base::u32 size);

}  // namespace ido
