#include "proc/tls.hpp"

#include "arch/descriptors.hpp"
#include "base/bits.hpp"
#include "mm/uaccess.hpp"
#include "proc/lifetime.hpp"

namespace ido {

namespace {

// struct user_desc (asm/ldt.h).
struct UserDescription {
  u32 entry;
  u32 base;
  u32 limit;
  u32 flags;
};
// Bits of flags.
constexpr u32 k32Bit = 1, kContentsShift = 1, kReadOnly = 8, kLimitInPages = 16, kNotPresent = 32, kUsable = 64;
constexpr u32 kEmptyFlags = kReadOnly | kNotPresent;

// A data segment for privilege level 3 (SDM 3A, 3.4.5). Code segments are not for TLS.
Or<u64> descriptor_of(const UserDescription& d) {
  const u32 contents = bits(d.flags, kContentsShift, 2);
  if (contents > 1) return fail(Errno::kInval);
  const u32 type = (d.flags & kReadOnly ? 0u : 2u) | contents << 2 | 1u;
  const u32 access = type | 0x70 | (d.flags & kNotPresent ? 0 : 0x80u);
  const u32 flags = (d.flags & kLimitInPages ? 8u : 0) | (d.flags & k32Bit ? 4u : 0) | (d.flags & kUsable ? 1u : 0);
  return u64{d.limit & 0xffff} | u64{d.base & 0xffffff} << 16 | u64{access} << 40 | u64{bits(d.limit, 16, 4)} << 48 |
         u64{flags} << 52 | u64{d.base >> 24} << 56;
}

}  // namespace

Or<> set_thread_area(Task& task, u32 address) {
  auto description = TRY(get_user<UserDescription>(address));
  if (description.entry == ~0u) {
    u32 i = 0;
    while (i < kTlsCount && task.tls[i] != 0) ++i;
    if (i == kTlsCount) return fail(Errno::kSrch);
    description.entry = kTlsFirst + i;
    TRY(put_user(address, description.entry));
  }
  if (description.entry < kTlsFirst || description.entry >= kTlsFirst + kTlsCount) return fail(Errno::kInval);
  u64& slot = task.tls[description.entry - kTlsFirst];
  const bool empty =
      description.base == 0 && description.limit == 0 && (description.flags & kEmptyFlags) == kEmptyFlags;
  slot = empty ? 0 : TRY(descriptor_of(description));
  if (&task == current()) load_tls(task.tls);
  return {};
}

}  // namespace ido
