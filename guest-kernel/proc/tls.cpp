#include "proc/tls.hpp"

#include "arch/descriptors.hpp"
#include "base/bits.hpp"
#include "mm/uaccess.hpp"
#include "proc/lifetime.hpp"

namespace ido {

namespace {

// Offset of each field in a descriptor (SDM 3A, figure 3-8), as bit numbers.
constexpr u32 kTypeAt = 40, kPresentAt = 47, kAvailableAt = 52, kBigAt = 54, kGranularityAt = 55;

UserSegment segment_of(u32 entry, u64 d) {
  const u32 type = static_cast<u32>(d >> kTypeAt) & 15;
  const auto flag = [&](u32 at, u32 bit) { return (d >> at) & 1 ? bit : 0; };
  UserSegment s{entry, static_cast<u32>(d >> 16 & 0xffffff) | static_cast<u32>(d >> 56) << 24,
                static_cast<u32>(d & 0xffff) | static_cast<u32>(d >> 48 & 15) << 16, 0};
  s.flags = (type >> 2 & 3) << UserSegment::kContentsShift | (type & 2 ? 0 : UserSegment::kReadOnly) |
            (d >> kPresentAt & 1 ? 0 : UserSegment::kNotPresent) | flag(kBigAt, UserSegment::k32Bit) |
            flag(kGranularityAt, UserSegment::kLimitInPages) | flag(kAvailableAt, UserSegment::kUsable);
  return s;
}

Or<u32> slot_of(u32 entry) {
  if (entry < kTlsFirst || entry >= kTlsFirst + kTlsCount) return fail(Errno::kInval);
  return entry - kTlsFirst;
}

}  // namespace

u64 descriptor_of(const UserSegment& s) {
  const u32 type = s.contents() << 2 | (s.flags & UserSegment::kReadOnly ? 0u : 2u) | 1u;
  const u32 access = type | 0x70 | (s.flags & UserSegment::kNotPresent ? 0 : 0x80u);
  const u32 flags = (s.flags & UserSegment::kLimitInPages ? 8u : 0) | (s.flags & UserSegment::k32Bit ? 4u : 0) |
                    (s.flags & UserSegment::kUsable ? 1u : 0);
  return u64{s.limit & 0xffff} | u64{s.base & 0xffffff} << 16 | u64{access} << 40 | u64{bits(s.limit, 16, 4)} << 48 |
         u64{flags} << 52 | u64{s.base >> 24} << 56;
}

Or<> set_thread_area(Task& task, u32 address) {
  auto segment = TRY(get_user<UserSegment>(address));
  // Code segments are not for TLS.
  if (!segment.empty() && segment.contents() > 1) return fail(Errno::kInval);
  if (segment.entry == ~0u) {
    u32 i = 0;
    while (i < kTlsCount && task.tls[i] != 0) ++i;
    if (i == kTlsCount) return fail(Errno::kSrch);
    segment.entry = kTlsFirst + i;
    TRY(put_user(address, segment.entry));
  }
  const u32 slot = TRY(slot_of(segment.entry));
  task.tls[slot] = segment.empty() ? 0 : descriptor_of(segment);
  if (&task == current()) load_tls(task.tls);
  return {};
}

Or<> read_thread_area(const Task& task, u32 entry, u32 address) {
  const u32 slot = TRY(slot_of(entry));
  return put_user(address, segment_of(entry, task.tls[slot]));
}

Or<> write_thread_area(Task& task, u32 entry, u32 address) {
  const u32 slot = TRY(slot_of(entry));
  const auto segment = TRY(get_user<UserSegment>(address));
  if (!segment.empty() && segment.contents() > 1) return fail(Errno::kInval);
  task.tls[slot] = segment.empty() ? 0 : descriptor_of(segment);
  return {};
}

Or<> get_thread_area(const Task& task, u32 address) {
  return read_thread_area(task, TRY(get_user<u32>(address)), address);
}

}  // namespace ido
