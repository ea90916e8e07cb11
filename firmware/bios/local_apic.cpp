#include "bios/local_apic.hpp"

#include "abi/memory_map.hpp"
#include "bios/layout.hpp"

namespace firmware {

namespace {

// SDM 3A, table 11-1.
constexpr u32 kId = 0x20, kSpurious = 0xf0, kIcrLow = 0x300, kLint0 = 0x350, kLint1 = 0x360;

volatile u32& local_apic(u32 offset) {
  return *at<volatile u32>(static_cast<u32>(abi::memory_map::kLocalApic) + offset);
}

}  // namespace

bool has_local_apic() {
  u32 eax = 1, ebx, ecx, features;
  asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(features));
  constexpr u32 kHasApic = 1u << 9;
  return (features & kHasApic) != 0;
}

u32 local_apic_id() { return local_apic(kId) >> 24; }

void init_local_apic(bool boots) {
  if (!has_local_apic()) return;
  constexpr u32 kEnabled = 0x1ff, kExtInt = 0x700, kNmi = 0x400, kMasked = 0x10000;
  local_apic(kSpurious) = kEnabled;
  local_apic(kLint0) = boots ? kExtInt : kExtInt | kMasked;
  local_apic(kLint1) = kNmi;
}

void send_to_others(u32 what) {
  constexpr u32 kAssert = 0x4000, kAllOthers = 0xc0000, kPending = 0x1000;
  local_apic(kIcrLow) = what | kAssert | kAllOthers;
  while ((local_apic(kIcrLow) & kPending) != 0) {
  }
}

}  // namespace firmware
