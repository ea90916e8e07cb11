#include "mm/shared_memory.hpp"

#include <new>

#include "lib/print.hpp"
#include "mm/kmalloc.hpp"

namespace ido {

Or<SharedMemory*> SharedMemory::create(u32 size) {
  void* memory = kmalloc(sizeof(SharedMemory));
  if (memory == nullptr) return fail(Errno::kNoMem);
  return new (memory) SharedMemory(size);
}

void SharedMemory::release() {
  KASSERT(references_ > 0);
  if (--references_ > 0) return;
  this->~SharedMemory();
  kfree(this);
}

void SharedMemory::describe(char* buffer, u32 size) { format_to(buffer, size, "/dev/zero (deleted)"); }

}  // namespace ido
