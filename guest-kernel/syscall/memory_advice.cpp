// What programs tell of their memory and ask about it: madvise, mincore, msync, mlock and its kin.
#include "base/bits.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

Mm& mm_of(Call& call) { return *call.task.process->mm; }

// MADV_ numbers (asm-generic/mman-common.h).
Or<Advice> advice_of(u32 number) {
  switch (number) {
    case 3: return Advice::kWillNeed;
    case 4: return Advice::kDontNeed;
    case 8: return Advice::kFree;
    case 9: return Advice::kRemove;
    case 10: return Advice::kDontFork;
    case 11: return Advice::kDoFork;
    case 18: return Advice::kWipeOnFork;
    case 19: return Advice::kKeepOnFork;
    case 22: return Advice::kPopulateRead;
    case 23: return Advice::kPopulateWrite;
    case 0:
    case 1:
    case 2:  // NORMAL, RANDOM, SEQUENTIAL: nothing is read ahead
    case 12:
    case 13:  // MERGEABLE, UNMERGEABLE: nothing is merged
    case 14:
    case 15:  // HUGEPAGE, NOHUGEPAGE: pages are small
    case 16:
    case 17:  // DONTDUMP, DODUMP: there are no core files
    case 20:
    case 21: return Advice::kNothing;  // COLD, PAGEOUT: nothing is swapped
    default: return fail(Errno::kInval);
  }
}

}  // namespace

Or<u32> sys_madvise(Call& call) {
  const Advice advice = TRY(advice_of(call[2]));
  TRY(mm_of(call).advise(call[0], call[1], advice));
  return 0;
}

Or<u32> sys_mincore(Call& call) {
  if (call[0] & kPageMask) return fail(Errno::kInval);
  if (call[1] > layout::kUserEnd) return fail(Errno::kNoMem);
  u8 chunk[256];
  const u32 pages = (call[1] + kPageMask) >> kPageShift;
  for (u32 done = 0; done < pages;) {
    const u32 n = pages - done < sizeof chunk ? pages - done : static_cast<u32>(sizeof chunk);
    TRY(mm_of(call).residency(call[0] + (done << kPageShift), n, chunk));
    TRY(copy_to_user(call[2] + done, chunk, n));
    done += n;
  }
  return 0;
}

Or<u32> sys_msync(Call& call) {
  constexpr u32 kAsync = 1, kInvalidate = 2, kSync = 4;
  const u32 flags = call[2];
  if ((flags & ~(kAsync | kInvalidate | kSync)) || (flags & (kAsync | kSync)) == (kAsync | kSync))
    return fail(Errno::kInval);
  if (call[0] & kPageMask) return fail(Errno::kInval);
  TRY(mm_of(call).sync(call[0], call[1]));
  return 0;
}

Or<u32> sys_mlock(Call& call) {
  TRY(mm_of(call).lock(call[0], call[1]));
  return 0;
}

Or<u32> sys_mlock2(Call& call) {
  constexpr u32 kOnFault = 1;
  if (call[2] & ~kOnFault) return fail(Errno::kInval);
  TRY(mm_of(call).lock(call[0], call[1], call[2] & kOnFault ? Mm::LockWhen::kTouched : Mm::LockWhen::kNow));
  return 0;
}

Or<u32> sys_munlock(Call& call) {
  TRY(mm_of(call).unlock(call[0], call[1]));
  return 0;
}

Or<u32> sys_mlockall(Call& call) {
  constexpr u32 kCurrent = 1, kFuture = 2, kOnFault = 4;
  const u32 flags = call[0];
  if (flags == 0 || (flags & ~(kCurrent | kFuture | kOnFault)) || flags == kOnFault) return fail(Errno::kInval);
  const auto what = (flags & 3) == 3   ? Mm::LockAll::kBoth
                    : flags & kCurrent ? Mm::LockAll::kCurrent
                                       : Mm::LockAll::kFuture;
  TRY(mm_of(call).lock_all(what, flags & kOnFault ? Mm::LockWhen::kTouched : Mm::LockWhen::kNow));
  return 0;
}

Or<u32> sys_munlockall(Call& call) {
  mm_of(call).unlock_all();
  return 0;
}

}  // namespace ido
