#include "bios/mtrr.hpp"

#include "abi/memory_map.hpp"
#include "base/types.hpp"

namespace firmware {
using namespace base;

namespace {

// SDM 3A, 11.11.1 to 11.11.3.
constexpr u32 kCapability = 0xfe, kFirstBase = 0x200, kFirstMask = 0x201, kFix64K = 0x250, kFix16K80000 = 0x258,
              kFix16KA0000 = 0x259, kFix4KC0000 = 0x268, kDefaultType = 0x2ff;
constexpr u32 kFixed4KRegisters = 8;
constexpr u64 kFixedEnable = 1u << 10, kEnable = 1u << 11, kMaskValid = 1u << 11, kHasFixed = 1u << 8;
constexpr u64 kUncacheable = 0, kWriteBack = 6;
constexpr u64 kAllWriteBack = 0x0606060606060606, kAllWriteProtect = 0x0505050505050505;

struct Cpuid {
  u32 eax, ebx, ecx, edx;
};
Cpuid cpuid(u32 leaf) {
  Cpuid r;
  asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(0));
  return r;
}
u64 read_msr(u32 index) {
  u64 value;
  asm volatile("rdmsr" : "=A"(value) : "c"(index));
  return value;
}
void write_msr(u32 index, u64 value) { asm volatile("wrmsr" : : "A"(value), "c"(index)); }

// Bits that a mask has: those of physical addresses.
u64 address_mask() {
  const u32 bits = cpuid(0x80000000).eax >= 0x80000008 ? cpuid(0x80000008).eax & 0xff : 36;
  return (u64{1} << bits) - 1;
}

bool has_mtrrs() {
  constexpr u32 kMsrAndMtrr = 1u << 5 | 1u << 12;
  u32 flags, changed;  // processors before the i486DX4 lack CPUID (SDM 2A)
  asm volatile("pushfl; popl %0; movl %0, %1; xorl $0x200000, %1; pushl %1; popfl; pushfl; popl %1"
               : "=&r"(flags), "=&r"(changed));
  return ((flags ^ changed) & 0x200000) != 0 && (cpuid(1).edx & kMsrAndMtrr) == kMsrAndMtrr;
}

}  // namespace

void init_mtrrs() {
  if (!has_mtrrs()) return;
  const u64 capability = read_msr(kCapability);
  write_msr(kDefaultType, 0);
  if (capability & kHasFixed) {
    write_msr(kFix64K, kAllWriteBack);
    write_msr(kFix16K80000, kAllWriteBack);
    write_msr(kFix16KA0000, 0);
    for (u32 i = 0; i < kFixed4KRegisters; ++i) write_msr(kFix4KC0000 + i, kAllWriteProtect);
  }
  const u64 hole = abi::memory_map::kHighRam - abi::memory_map::kPciMemory;
  for (u32 i = 0; i < (capability & 0xff); ++i) {
    const bool first = i == 0;
    write_msr(kFirstBase + 2 * i, first ? abi::memory_map::kPciMemory | kUncacheable : 0);
    write_msr(kFirstMask + 2 * i, first ? (address_mask() & ~(hole - 1)) | kMaskValid : 0);
  }
  write_msr(kDefaultType, kEnable | (capability & kHasFixed ? kFixedEnable : 0) | kWriteBack);
}

}  // namespace firmware
