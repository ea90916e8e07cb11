#include "memory/host_mapping.hpp"

#include <sys/mman.h>

#include <cassert>
#include <cstring>
#include <new>

#include "base/bits.hpp"

namespace paemu {

HostMapping::HostMapping(u64 size, Kind kind) : size_(align_up(size, u64{kPageSize})), kind_(kind) {
  const int sharing = kind == Kind::kShared ? MAP_SHARED : MAP_PRIVATE;
  void* place = mmap(nullptr, size_, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED) throw std::bad_alloc();
  // A huge page would commit 2 MiB for each page that the guest touches. Failure only means that there are none.
  (void)madvise(place, size_, MADV_NOHUGEPAGE);
  data_ = static_cast<u8*>(place);
}

HostMapping::~HostMapping() { munmap(data_, size_); }

// Of nothing, mremap() of shared memory makes a second mapping (mremap(2)).
bool HostMapping::show_page(u64 offset, u8* place, bool writable) const {
  assert(kind_ == Kind::kShared && offset < size_ && offset % kPageSize == 0);
  const void* const shown = mremap(data_ + offset, 0, kPageSize, MREMAP_MAYMOVE | MREMAP_FIXED, place);
  return shown == place && (writable || mprotect(place, kPageSize, PROT_READ) == 0);
}

void HostMapping::clear(u64 offset, u64 count) {
  assert(offset <= size_ && count <= size_ - offset);
  const u64 end = offset + count;
  const u64 first_page = align_up(offset, u64{kPageSize});
  const u64 last_page = align_down(end, u64{kPageSize});
  if (first_page >= last_page) {
    std::memset(data_ + offset, 0, count);
    return;
  }
  std::memset(data_ + offset, 0, first_page - offset);
  std::memset(data_ + last_page, 0, end - last_page);
  // Pages that are dropped read as zeroes; where the host refuses, write the zeroes.
  const int drop = kind_ == Kind::kShared ? MADV_REMOVE : MADV_DONTNEED;
  if (madvise(data_ + first_page, last_page - first_page, drop) != 0) {
    std::memset(data_ + first_page, 0, last_page - first_page);
  }
}

}  // namespace paemu
