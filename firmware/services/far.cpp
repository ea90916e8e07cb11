#include "services/far.hpp"

namespace services {

void copy_to_far(Far to, const void* from, u32 count) {
  u32 offset = to.offset;
  asm volatile("pushw %%es\n\tmovw %w3, %%es\n\trep movsb\n\tpopw %%es"
               : "+D"(offset), "+S"(from), "+c"(count) : "a"(to.segment) : "memory");
}

void copy_from_far(void* to, Far from, u32 count) {
  u32 offset = from.offset;
  asm volatile("pushw %%ds\n\tmovw %w3, %%ds\n\trep movsb\n\tpopw %%ds"
               : "+D"(to), "+S"(offset), "+c"(count) : "a"(from.segment) : "memory");
}

}  // namespace services
