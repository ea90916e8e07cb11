// What the log says of memory when it has run out, or when the kernel has come to grief.
#pragma once

namespace ido {

// Free, used and reserved memory by zone and use, a few lines. Allocates nothing and takes no lock.
void print_memory_state();

}  // namespace ido
