#include "lib/print.hpp"
#include "mm/backing.hpp"
#include "mm/kmalloc.hpp"
#include "mm/offline.hpp"

namespace ido {
namespace {

void name_owner(char* buffer, u32 size, const Page* page) {
  switch (page->use) {
    case PageUse::kSlab: format_to(buffer, size, "kernel, slab '%s'", page->slab->name()); return;
    case PageUse::kTable:
    case PageUse::kKernel:
      format_to(buffer, size, "kernel, %s", page->owner != nullptr ? page->owner : "unnamed");
      return;
    case PageUse::kReserved:
    case PageUse::kBoot: format_to(buffer, size, "%s", page->owner != nullptr ? page->owner : "reserved"); return;
    case PageUse::kAnonymous: format_to(buffer, size, "anonymous memory"); return;
    case PageUse::kCache:
      if (page->backing != nullptr)
        page->backing->describe(buffer, size);
      else
        format_to(buffer, size, "a truncated file's page");
      return;
    default: format_to(buffer, size, "free"); return;
  }
}

const char* reason(OfflineReport::Blocked blocked) {
  using Blocked = OfflineReport::Blocked;
  switch (blocked) {
    case Blocked::kNothing: return "offline";
    case Blocked::kKernelUse: return "the kernel's own memory can't move";
    case Blocked::kReserved: return "memory in use since boot can't move";
    case Blocked::kPinned: return "it is pinned to its place";
    case Blocked::kBusy: return "its users did not let go of it";
    case Blocked::kNoMemory: return "there is no free memory elsewhere to move it to";
    case Blocked::kRefused: return "its owner refused to move it";
    case Blocked::kState: return "the range is not all online";
  }
  return "unknown";
}

}  // namespace

void blame(OfflineReport& report, OfflineReport::Blocked why, Page* page) {
  report.blocked = why;
  report.frame = frame_of(page);
  name_owner(report.owner, sizeof report.owner, page);
}

void OfflineReport::format(char* buffer, u32 size) const {
  if (blocked == Blocked::kNothing) {
    format_to(buffer, size, "offline; %u pages moved in %llu ns", migrated_pages,
              static_cast<unsigned long long>(elapsed_ns));
  } else {
    format_to(buffer, size, "frame 0x%x: %s; %s", frame.value, owner, reason(blocked));
  }
}

}  // namespace ido
