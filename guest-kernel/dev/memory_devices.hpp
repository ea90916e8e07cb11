// The devices that are no hardware: null, zero, full, port, random, urandom, kmsg (mem(4), random(4)).
#pragma once

namespace ido {

void init_memory_devices();

}  // namespace ido
