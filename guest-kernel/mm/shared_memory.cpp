#include "mm/shared_memory.hpp"

#include <new>

#include "lib/print.hpp"
#include "mm/commit.hpp"
#include "mm/kmalloc.hpp"
#include "mm/stats.hpp"

namespace ido {

Or<SharedMemory*> SharedMemory::create(u32 size, Reserve reserve) {
  void* memory = kmalloc(sizeof(SharedMemory));
  if (memory == nullptr) return fail(Errno::kNoMem);
  auto* made = new (memory) SharedMemory(size);
  if (auto promised = made->promise(reserve); !promised) {
    made->release();
    return fail(promised.error());
  }
  return made;
}

Or<> SharedMemory::promise(Reserve reserve) {
  if (reserve == Reserve::kNo && commit_policy() != CommitPolicy::kStrict) return {};
  const u32 pages = ((size_ - 1) >> kPageShift) + 1;
  TRY(may_commit(pages));
  promised_pages_ = pages;
  committed_pages += pages;
  return {};
}

SharedMemory::~SharedMemory() { committed_pages -= promised_pages_; }

void SharedMemory::release() {
  KASSERT(references_ > 0);
  if (--references_ > 0) return;
  this->~SharedMemory();
  kfree(this);
}

void SharedMemory::describe(char* buffer, u32 size) { format_to(buffer, size, "/dev/zero (deleted)"); }

}  // namespace ido
