// Segments: thread-local storage in the GDT, and the LDT (modify_ldt(2)).
#include "proc/ldt.hpp"
#include "proc/lifetime.hpp"
#include "proc/tls.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

constexpr u32 kRead = 0, kWriteOld = 1, kReadDefault = 2, kWrite = 0x11;
constexpr u32 kDefaultSize = 5 * 8;  // of the table that nobody has changed: all zero

u32 smaller(u32 a, u32 b) { return a < b ? a : b; }

Or<u32> read_ldt(Call& call) {
  const u32 wanted = smaller(call[2], Ldt::kMost * 8);
  const Ref<LocalSegments> segments = call.task.process->local_segments;
  if (!segments) return 0;
  const u32 have = smaller(segments->size(), wanted);
  TRY(segments->read(call[1], have));
  TRY(zero_user(call[1] + have, wanted - have));
  return wanted;
}

Or<u32> write_ldt(Call& call, bool old_mode) {
  if (call[2] != sizeof(UserSegment)) return fail(Errno::kInval);
  const auto s = TRY(get_user<UserSegment>(call[1]));
  if (s.entry >= Ldt::kMost) return fail(Errno::kInval);
  // Conforming code could run with the caller's CPL; only one that is not there may be described.
  if (s.contents() == 3 && (old_mode || !(s.flags & UserSegment::kNotPresent))) return fail(Errno::kInval);
  const bool erase = s.empty() || (old_mode && s.base == 0 && s.limit == 0);
  u64 descriptor = erase ? 0 : descriptor_of(s);
  if (old_mode) descriptor &= ~(u64{1} << 52);  // AVL came later
  Process& process = *call.task.process;
  if (!process.local_segments) {
    if (descriptor == 0) return 0;
    process.local_segments = new (std::nothrow) LocalSegments;
    if (!process.local_segments) return fail(Errno::kNoMem);
  }
  TRY(process.local_segments->set(s.entry, descriptor));
  refresh_context();
  return 0;
}

}  // namespace

Or<u32> sys_modify_ldt(Call& call) {
  switch (call[0]) {
    case kRead: return read_ldt(call);
    case kReadDefault: {
      const u32 size = smaller(call[2], kDefaultSize);
      TRY(zero_user(call[1], size));
      return size;
    }
    case kWriteOld: return write_ldt(call, true);
    case kWrite: return write_ldt(call, false);
    default: return fail(Errno::kNoSys);
  }
}

Or<u32> sys_set_thread_area(Call& call) {
  TRY(set_thread_area(call.task, call[0]));
  return 0;
}
Or<u32> sys_get_thread_area(Call& call) {
  TRY(get_thread_area(call.task, call[0]));
  return 0;
}

}  // namespace ido
