// The address space: mmap, munmap, mprotect, mremap, brk.
#include "base/bits.hpp"
#include "fs/tmpfs.hpp"
#include "mm/buddy.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

constexpr u32 kMapShared = 1, kMapPrivate = 2, kMapFixed = 0x10, kMapAnonymous = 0x20, kMapGrowsDown = 0x100,
              kMapLocked = 0x2000, kMapNoReserve = 0x4000, kMapPopulate = 0x8000, kMapHugeTlb = 0x40000,
              kMapFixedNoReplace = 0x100000;  // mmap(2)
constexpr u32 kMapType = 0xf, kMapSharedValidate = 3;
constexpr u32 kMapKnown = 0x1fff7f;  // all that Linux 6.1 knows: MAP_SHARED_VALIDATE wants no other

Mm& mm_of(Call& call) { return *call.task.process->mm; }

Or<u32> map(Call& call, u32 address, u32 size, u32 prot, u32 flags, u32 descriptor, u32 first_page) {
  const u32 type = flags & kMapType;
  if (size == 0 || type == 0 || type > kMapSharedValidate) return fail(Errno::kInval);
  if (type == kMapSharedValidate && (flags & ~kMapKnown)) return fail(Errno::kOpNotSupp);
  if (flags & kMapHugeTlb) return fail(Errno::kNoMem);  // the pool of huge pages is empty
  if (first_page + ((size - 1) >> kPageShift) < first_page) return fail(Errno::kOverflow);
  if ((flags & (kMapFixed | kMapFixedNoReplace)) && (address & kPageMask)) return fail(Errno::kInval);
  const bool shared = (flags & kMapShared) != 0;
  MapRequest request;
  request.address = align_down(address, kPageSize);
  request.size = size;
  request.protection = static_cast<u8>(prot & 7);
  request.flags = static_cast<u16>(
      (shared ? area_flag::kShared : 0) | (flags & kMapGrowsDown ? area_flag::kGrowsDown : 0) |
      (flags & kMapLocked ? area_flag::kLocked : 0) | (flags & kMapNoReserve ? area_flag::kNoReserve : 0));
  request.placement = flags & kMapFixedNoReplace ? Placement::kFixedFree
                      : flags & kMapFixed        ? Placement::kFixed
                                                 : Placement::kAnywhere;
  request.first_index = first_page;
  Ref<fs::File> file;
  if (!(flags & kMapAnonymous)) {
    file = TRY(file_of(call, descriptor));
    if (!file->dentry) return fail(Errno::kNoDev);
    if (!file->readable()) return fail(Errno::kAcces);
    if (shared && (prot & protection::kWrite) && !file->writable()) return fail(Errno::kAcces);
    if (shared && (prot & protection::kWrite) && (file->inode()->seals & (fs::seal::kWrite | fs::seal::kFutureWrite)))
      return fail(Errno::kPerm);
    if (shared && !file->writable()) request.flags |= area_flag::kNoWrite;
    if (fs::mount_flags(*file->dentry) & fs::mount_flag::kNoExecute && (prot & protection::kExecute))
      return fail(Errno::kPerm);
    request.backing = file->inode()->backing();
    if (request.backing != nullptr && !file->dentry->unlinked) {  // a file without a name keeps its last
      Text path;
      fs::path_of(file->dentry, path);
      file->inode()->opened_as(path.view());
    }
    if (request.backing == nullptr) {
      // /dev/zero is anonymous memory by another name (mem(4)).
      constexpr u32 kZeroDevice = 1 << 8 | 5;
      if (file->inode() == nullptr || file->inode()->status.special_device != kZeroDevice) return fail(Errno::kNoDev);
    }
  }
  const u32 placed = TRY(mm_of(call).map(request));
  if (flags & kMapPopulate) {
    // Best effort, as Linux: failures show at the first touch.
    const bool write = (prot & protection::kWrite) && !(shared && request.backing != nullptr);
    (void)mm_of(call).advise(placed, size, write ? Advice::kPopulateWrite : Advice::kPopulateRead);
  }
  return placed;
}

}  // namespace

Or<u32> sys_mmap2(Call& call) { return map(call, call[0], call[1], call[2], call[3], call[4], TRY(call.sixth())); }

Or<u32> sys_old_mmap(Call& call) {
  struct Arguments {
    u32 address, size, prot, flags, descriptor, offset;
  };
  const Arguments a = TRY(get_user<Arguments>(call[0]));
  if (a.offset & kPageMask) return fail(Errno::kInval);
  return map(call, a.address, a.size, a.prot, a.flags, a.descriptor, a.offset >> kPageShift);
}

Or<u32> sys_munmap(Call& call) {
  TRY(mm_of(call).unmap(call[0], call[1]));
  return 0;
}

Or<u32> sys_mprotect(Call& call) {
  constexpr u32 kGrowsDown = 0x01000000, kGrowsUp = 0x02000000;
  if (call[2] & ~(7u | kGrowsDown | kGrowsUp)) return fail(Errno::kInval);
  TRY(mm_of(call).protect(call[0], call[1], static_cast<u8>(call[2] & 7)));
  return 0;
}

Or<u32> sys_mremap(Call& call) {
  constexpr u32 kMayMove = 1, kFixed = 2, kDontUnmap = 4;
  const u32 flags = call[3];
  if (flags & ~(kMayMove | kFixed | kDontUnmap)) return fail(Errno::kInval);
  if ((flags & (kFixed | kDontUnmap)) && !(flags & kMayMove)) return fail(Errno::kInval);
  const auto move = flags & kDontUnmap ? Mm::Move::kMayAndKeep
                    : flags & kFixed   ? Mm::Move::kFixed
                    : flags & kMayMove ? Mm::Move::kMay
                                       : Mm::Move::kNo;
  return mm_of(call).remap(call[0], call[1], call[2], move, flags & kFixed ? call[4] : 0);
}

Or<u32> sys_brk(Call& call) { return mm_of(call).set_break(call[0]); }

}  // namespace ido
