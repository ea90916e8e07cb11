#include "jit/return_stack.hpp"

#include <sys/mman.h>

#include <new>

#include "base/bits.hpp"

namespace paemu {
namespace {

u8* map(u64 size, u64 guard) {
  void* const memory = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  if (mprotect(static_cast<u8*>(memory) + guard, size - 2 * guard, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  return static_cast<u8*>(memory);
}

}  // namespace

ReturnStack::ReturnStack(u64 most)
    : size_(align_up(most * sizeof(Entry) + kForSignals + kBottom, kGuard) + 2 * kGuard), memory_(map(size_, kGuard)) {}

ReturnStack::~ReturnStack() { munmap(memory_, size_); }

}  // namespace paemu
