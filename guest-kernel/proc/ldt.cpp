#include "proc/ldt.hpp"

#include "arch/kmap.hpp"
#include "mm/buddy.hpp"
#include "mm/uaccess.hpp"

namespace ido {

namespace {
constexpr u32 kPerPage = kPageSize / sizeof(u64);
}

LocalSegments::~LocalSegments() {
  if (running_ldt() == &ldt_) load_ldt(nullptr);
  for (u32 i = 0; i < ldt_.count / kPerPage; ++i) free_pages(page_of(ldt_.frames[i]), 0);
}

Or<> LocalSegments::grow(u32 pages) {
  while (ldt_.count / kPerPage < pages) {
    Page* page = TRY(allocate_pages(
        {.zones = kKernelHighZones, .type = MigrateType::kUnmovable, .use = PageUse::kKernel, .owner = "LDT"}));
    zero_frame(frame_of(page));
    ldt_.frames[ldt_.count / kPerPage] = frame_of(page);
    ldt_.count += kPerPage;
  }
  return {};
}

Or<Ref<LocalSegments>> LocalSegments::clone() const {
  Ref<LocalSegments> copy{new (std::nothrow) LocalSegments};
  if (!copy) return fail(Errno::kNoMem);
  TRY(copy->grow(ldt_.count / kPerPage));
  for (u32 i = 0; i < ldt_.count / kPerPage; ++i) copy_frame(copy->ldt_.frames[i], ldt_.frames[i]);
  return copy;
}

Or<> LocalSegments::set(u32 entry, u64 descriptor) {
  TRY(grow(entry / kPerPage + 1));
  const Kmap map(ldt_.frames[entry / kPerPage]);
  map.as<u64>()[entry % kPerPage] = descriptor;
  return {};
}

Or<> LocalSegments::read(u32 to, u32 size) const {
  u64 piece[32];
  for (u32 done = 0; done < size;) {
    const u32 count = size - done < sizeof piece ? size - done : static_cast<u32>(sizeof piece);
    for (u32 i = 0; i < (count + 7) / 8; ++i) {
      const u32 entry = done / 8 + i;
      const Kmap map(ldt_.frames[entry / kPerPage]);  // not over the copy, which may sleep
      piece[i] = map.as<u64>()[entry % kPerPage];
    }
    TRY(copy_to_user(to + done, piece, count));
    done += count;
  }
  return {};
}

}  // namespace ido
