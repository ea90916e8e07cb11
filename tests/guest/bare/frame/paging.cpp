#include "paging.hpp"

namespace bare {

namespace {

constexpr u32 kIdentity = 16u << 20;
constexpr u32 kKept = entry::kAll | entry::kAccessed | entry::kDirty | entry::kLarge;

}  // namespace

bool has_nx() { return cpuid(0x80000000).eax >= 0x80000001 && (cpuid(0x80000001).edx & (1u << 20)); }

u32 physical_bits() {
  const u32 last = cpuid(0x80000000).eax;
  return (last >> 31) && last >= 0x80000008 ? cpuid(0x80000008).eax & 0xff : 36;
}

void start_paging(Paging mode, bool nxe) {
  stop_paging();
  for (u32 i = kDirectory32; i < kWindowTable + 0x1000; i += 4) at<u32>(i) = 0;
  for (u32 i = 0; i < kIdentity >> 22; ++i) at<u32>(kDirectory32 + 4 * i) = (i << 22) | kKept;
  for (u32 i = 0; i < 4; ++i) at<u64>(kPointers + 8 * i) = (kDirectoriesPae + 0x1000 * i) | entry::kPresent;
  for (u32 i = 0; i < kIdentity >> 21; ++i) at<u64>(kDirectoriesPae + 8 * i) = (i << 21) | kKept;
  if (nxe) write_msr(kEferMsr, kNxe);
  write_cr4(read_cr4() | kCr4Pse | (mode == Paging::kPae ? kCr4Pae : 0));
  write_cr3(mode == Paging::kPae ? kPointers : kDirectory32);
  write_cr0(read_cr0() | kCr0Pg);
}

void stop_paging() {
  write_cr0(read_cr0() & ~(kCr0Pg | kCr0Wp));
  write_cr4(read_cr4() & ~(kCr4Pse | kCr4Pae | kCr4Pge));
  if (has_nx()) write_msr(kEferMsr, 0);
}

void set_write_protect(bool on) { write_cr0((read_cr0() & ~kCr0Wp) | (on ? kCr0Wp : 0)); }

Entry directory_entry(Paging mode, u32 linear) {
  return mode == Paging::k32 ? Entry{kDirectory32 + 4 * (linear >> 22), false}
                             : Entry{kDirectoriesPae + 8 * (linear >> 21), true};
}

Entry table_entry(Paging mode, u32 linear) {
  const u32 page = (linear - kWindow) >> 12;
  return mode == Paging::k32 ? Entry{kWindowTable + 4 * page, false} : Entry{kWindowTable + 8 * page, true};
}

void map_page(Paging mode, u32 linear, u32 physical, u64 flags) {
  const Entry directory = directory_entry(mode, linear);
  if (!(directory.read() & entry::kPresent)) directory.write(kWindowTable | entry::kAll | entry::kAccessed);
  table_entry(mode, linear).write(physical | flags);
  invlpg(linear);
}

}  // namespace bare
