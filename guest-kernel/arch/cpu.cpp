#include "arch/cpu.hpp"

#include "arch/vdso.hpp"
#include "lib/print.hpp"
#include "lib/string.hpp"

namespace ido {

CpuFeatures cpu;

namespace {

constexpr u32 kMsrEfer = 0xc0000080;
constexpr u64 kEferNoExecute = u64{1} << 11;

void require(u32 bits, u32 bit, const char* name) {
  if (!(bits & (1u << bit))) panic("the processor lacks %s, which this kernel needs", name);
}

void read_names() {
  const CpuidResult zero = cpuid(0);
  memcpy(cpu.vendor, &zero.ebx, 4);
  memcpy(cpu.vendor + 4, &zero.edx, 4);
  memcpy(cpu.vendor + 8, &zero.ecx, 4);
  if (cpuid(0x80000000).eax < 0x80000004) return;
  for (u32 i = 0; i < 3; ++i) {
    const CpuidResult part = cpuid(0x80000002 + i);
    memcpy(cpu.brand + 16 * i, &part, 16);
  }
}

}  // namespace

void init_cpu() {
  read_names();
  const CpuidResult one = cpuid(1);
  cpu.edx = one.edx;
  cpu.ecx = one.ecx;
  cpu.stepping = one.eax & 15;
  cpu.family = (one.eax >> 8) & 15;
  cpu.model = (one.eax >> 4) & 15;
  if (cpu.family == 6 || cpu.family == 15) cpu.model |= ((one.eax >> 16) & 15) << 4;
  if (cpu.family == 15) cpu.family += (one.eax >> 20) & 255;
  if (cpuid(0x80000000).eax >= 0x80000001) cpu.extended_edx = cpuid(0x80000001).edx;

  // The first Pentium Pros say that they have SYSENTER and have not (SDM 2B, SYSENTER).
  cpu.sysenter = (cpu.edx & (1u << 11)) && !(cpu.family == 6 && cpu.model < 3 && cpu.stepping < 3);
  prepare_vdso(cpu.sysenter);

  require(cpu.edx, 0, "an x87 unit");
  require(cpu.edx, 4, "a time-stamp counter");
  require(cpu.edx, 6, "PAE");
  require(cpu.edx, 8, "CMPXCHG8B");
  require(cpu.edx, 15, "CMOV");
  require(cpu.edx, 24, "FXSAVE");

  u32 control = read_cr4() | cr4::kFxsr;
  if (cpu.edx & (1u << 25)) control |= cr4::kSimdExceptions;
  cpu.global_pages = cpu.edx & (1u << 13);
  write_cr4(control);
  write_cr0((read_cr0() | cr0::kWriteProtect | cr0::kMonitor | cr0::kNumericError) &
            ~(cr0::kEmulate | cr0::kTaskSwitched));
  cpu.no_execute = cpu.extended_edx & (1u << 20);
  if (cpu.no_execute) write_msr(kMsrEfer, read_msr(kMsrEfer) | kEferNoExecute);
}

}  // namespace ido
