// The processor: control registers, MSRs, CPUID, and the features that the kernel uses.
#pragma once

#include "base/types.hpp"

namespace ido {
using namespace base;

inline u32 read_cr0() {
  u32 v;
  asm volatile("movl %%cr0, %0" : "=r"(v));
  return v;
}
inline u32 read_cr2() {
  u32 v;
  asm volatile("movl %%cr2, %0" : "=r"(v));
  return v;
}
inline u32 read_cr3() {
  u32 v;
  asm volatile("movl %%cr3, %0" : "=r"(v));
  return v;
}
inline u32 read_cr4() {
  u32 v;
  asm volatile("movl %%cr4, %0" : "=r"(v));
  return v;
}
inline void write_cr0(u32 v) { asm volatile("movl %0, %%cr0" : : "r"(v) : "memory"); }
inline void write_cr3(u32 v) { asm volatile("movl %0, %%cr3" : : "r"(v) : "memory"); }
inline void write_cr4(u32 v) { asm volatile("movl %0, %%cr4" : : "r"(v) : "memory"); }
inline void invalidate_page(u32 address) { asm volatile("invlpg (%0)" : : "r"(address) : "memory"); }

inline u64 read_tsc() {
  u64 v;
  asm volatile("rdtsc" : "=A"(v));
  return v;
}
inline u64 read_msr(u32 number) {
  u64 v;
  asm volatile("rdmsr" : "=A"(v) : "c"(number));
  return v;
}
inline void write_msr(u32 number, u64 v) { asm volatile("wrmsr" : : "A"(v), "c"(number) : "memory"); }

struct CpuidResult {
  u32 eax, ebx, ecx, edx;
};
inline CpuidResult cpuid(u32 leaf) {
  CpuidResult r;
  asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(0));
  return r;
}

// Bits of control registers (SDM 3A, 2.5).
namespace cr0 {
inline constexpr u32 kMonitor = 1u << 1, kEmulate = 1u << 2, kTaskSwitched = 1u << 3, kNumericError = 1u << 5,
                     kWriteProtect = 1u << 16;
}
namespace cr4 {
inline constexpr u32 kPae = 1u << 5, kMachineCheck = 1u << 6, kGlobalPages = 1u << 7, kFxsr = 1u << 9,
                     kSimdExceptions = 1u << 10;
}

struct CpuFeatures {
  u32 family = 0, model = 0, stepping = 0;
  u32 edx = 0, ecx = 0, extended_edx = 0;  // CPUID leaves 1 and 80000001h
  bool no_execute = false;
  bool global_pages = false;
  bool sysenter = false;
  char vendor[13] = {};
  char brand[49] = {};
};
extern CpuFeatures cpu;

// Reads CPUID and turns on what the kernel uses (NX, WP, global pages, FXSR). Panics without PAE, TSC, CX8, CMOV, FXSR.
void init_cpu();

}  // namespace ido
