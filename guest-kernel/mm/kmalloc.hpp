// kmalloc: kernel memory of any size, over slab caches of powers of two.
//
// All of it is low memory. Allocation never sleeps; nullptr when there is no memory. Not for interrupt handlers.
#pragma once

#include "mm/slab.hpp"

namespace ido {

// Any size up to 4 MiB; above 2 KiB in whole pages, rounded up to a power of two. `owner` names the pages of large
// ones.
void* kmalloc(usize size, const char* owner = "kmalloc");
void* kzalloc(usize size, const char* owner = "kmalloc");
void kfree(void* p);                // nullptr is fine
usize kmalloc_size(const void* p);  // usable bytes

}  // namespace ido
