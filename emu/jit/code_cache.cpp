#include "jit/code_cache.hpp"

#include <sys/mman.h>

#include <cassert>
#include <cstring>

#include "base/bits.hpp"

namespace paemu {
namespace {

// INT3: what stands where no code does.
constexpr u8 kTrap = 0xcc;

}  // namespace

Or<std::unique_ptr<CodeCache>> CodeCache::create(u64 size) {
  assert(size >= kSmallest && size <= kLargest);
  constexpr u64 kHostPage = 4096;
  size = align_up(size, kHostPage);
  void* const write = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (write == MAP_FAILED) return fail("the host gives no memory for translated code; a smaller -jit-cache may do");
  // Of a shared mapping, mremap of size 0 makes a second one of the same pages.
  void* const execute = mremap(write, 0, size, MREMAP_MAYMOVE);
  if (execute == MAP_FAILED || mprotect(execute, size, PROT_READ | PROT_EXEC) != 0) {
    if (execute != MAP_FAILED) munmap(execute, size);
    munmap(write, size);
    return fail("the host lets no code be executed that was made at run time; use -engine interp");
  }
  return std::unique_ptr<CodeCache>(new CodeCache(static_cast<u8*>(write), static_cast<u8*>(execute), size));
}

CodeCache::~CodeCache() {
  munmap(write_ + distance_, size_);
  munmap(write_, size_);
}

u8* CodeCache::reserve(u64 most, u64 alignment) {
  reserved_ = align_up(used_, alignment);
  if (reserved_ > size_ || most > size_ - reserved_) return nullptr;
  return write_ + reserved_;
}

void CodeCache::commit(const u8* end) {
  const u64 to = static_cast<u64>(end - write_);
  assert(to >= reserved_ && to <= size_);
  std::memset(write_ + used_, kTrap, reserved_ - used_);
  used_ = to;
}

void CodeCache::flush() {
  used_ = kept_;
  ++generation_;
}

}  // namespace paemu
