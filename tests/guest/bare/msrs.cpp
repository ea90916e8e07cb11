// Model-specific registers: which there are by CPUID, what may be written to each, and what they do (SDM 4, chapter 2).
//
// paemu: -cpu coreduo
// paemu: -cpu pentium-m
// paemu: -cpu pentium3
// paemu: -cpu max32,phys-bits=40
// paemu: -cpu coreduo,-mtrr,-pat,-sep,-nx,-apic
#include "frame.hpp"

using namespace bare;

namespace {

constexpr const char *kGp = "#GP(0000)", *kDone = "done";

u32 features;
bool nx, adjust, misc_enable;
u32 width;

Text reading(u32 index) {
  return describe(attempt([=] { (void)read_msr(index); }));
}
Text writing(u32 index, u64 value) {
  return describe(attempt([=] { write_msr(index, value); }));
}
bool has(u32 bit) { return (features >> bit) & 1; }

// A write that is to be refused leaves the register as it was.
void refused(const char* name, u32 index, u64 value, bool there = true) {
  const u64 before = there ? read_msr(index) : 0;
  Text got = writing(index, value);
  if (there && read_msr(index) != before) got << ", changed";
  expect(Text(name) << " refused", got, kGp);
}
void accepted(const char* name, u32 index, u64 value, u64 reads) {
  Text got = writing(index, value);
  if (got == kDone) (got << ", reads ").hex(read_msr(index), 16);
  expect(name, got, Text("done, reads ").hex(reads, 16));
}
void accepted(const char* name, u32 index, u64 value) { accepted(name, index, value, value); }

void who() {
  const auto there = [](const char* name, u32 index, bool expected) {
    expect(Text(name) << ", read", reading(index), expected ? kDone : kGp);
  };
  there("TSC", 0x10, has(4));
  there("IA32_TSC_ADJUST", 0x3b, adjust);
  there("IA32_APIC_BASE", 0x1b, has(9));
  there("IA32_SYSENTER_CS", 0x174, has(11));
  there("IA32_SYSENTER_EIP", 0x176, has(11));
  there("IA32_MTRRCAP", 0xfe, has(12));
  there("IA32_MTRR_PHYSBASE0", 0x200, has(12));
  there("IA32_MTRR_FIX4K_F8000", 0x26f, has(12));
  there("IA32_MTRR_DEF_TYPE", 0x2ff, has(12));
  there("IA32_PAT", 0x277, has(16));
  there("IA32_EFER", 0xc0000080, nx);
  there("IA32_MISC_ENABLE", 0x1a0, misc_enable);
  there("PerfCtr1", 0xc2, true);
  there("PerfCtr2", 0xc3, false);
  there("IA32_PLATFORM_ID", 0x17, true);
  // Of other processors: IA32_STAR, IA32_FS_BASE, IA32_X2APIC_APICID, IA32_VMX_BASIC.
  const u32 absent[] = {0xc0000081, 0xc0000100, 0x802, 0x480, 0x12345678};
  for (const u32 index : absent) {
    expect((Text("MSR ").hex(index) << ", read"), reading(index), kGp);
    expect((Text("MSR ").hex(index) << ", written"), writing(index, 0), kGp);
  }
  // CPL 0 only (SDM 2B, RDMSR).
  for (u32 ring = 1; ring < 4; ++ring) {
    expect(Text("RDMSR at ring ") << ring, describe(call_at_ring(ring, [] { (void)read_msr(0x8b); })), kGp);
    expect(Text("WRMSR at ring ") << ring, describe(call_at_ring(ring, [] { write_msr(0x8b, 0); })), kGp);
  }
}

// SDM 3A, 11.11 and 11.12.
void memory_types() {
  if (has(12)) {
    const u64 cap = read_msr(0xfe);
    expect("MTRRCAP, ranges", Text() << static_cast<u32>(cap & 0xff), "8");
    refused("MTRRCAP", 0xfe, cap);
    for (u32 type = 0; type < 9; ++type) {
      const bool valid = type <= 1 || (type >= 4 && type <= 6);
      const Text of_type = Text(", type ") << type;
      expect(Text("PHYSBASE1") << of_type, writing(0x202, 0x80000000 | type), valid ? kDone : kGp);
      expect(Text("FIX16K_80000") << of_type, writing(0x258, 0x0606060606060600 | type), valid ? kDone : kGp);
      expect(Text("FIX64K, its last byte") << of_type, writing(0x250, u64{type} << 56), valid ? kDone : kGp);
      expect(Text("DEF_TYPE") << of_type, writing(0x2ff, type), valid ? kDone : kGp);
    }
    const u64 top = u64{1} << (width - 1);
    accepted("PHYSMASK1, widest", 0x203, (2 * top - 0x1000) | 0x800);
    refused("PHYSMASK1, beyond the width", 0x203, 2 * top);
    refused("PHYSBASE1, beyond the width", 0x202, 2 * top);
    accepted("PHYSBASE1, widest", 0x202, top | 6);
    refused("PHYSBASE1, bit 8", 0x202, 0x100);
    refused("PHYSMASK1, bit 0", 0x203, 1);
    refused("PHYSMASK1, bit 10", 0x203, 0x400);
    accepted("DEF_TYPE, E and FE", 0x2ff, 0xc06);
    refused("DEF_TYPE, bit 12", 0x2ff, 0x1000);
    refused("DEF_TYPE, bit 9", 0x2ff, 0x200);
    expect("PHYSBASE8", reading(0x210), kGp);
    write_msr(0x2ff, 0), write_msr(0x203, 0), write_msr(0x202, 0);
  }
  if (has(16)) {
    expect("PAT at reset", Text().hex(read_msr(0x277), 16), "0007040600070406");
    for (u32 type = 0; type < 9; ++type) {
      const bool valid = type <= 1 || (type >= 4 && type <= 7);
      expect(Text("PAT, type ") << type, writing(0x277, u64{type} << 40), valid ? kDone : kGp);
    }
    accepted("PAT", 0x277, 0x0001040600070406);
    refused("PAT, bit 3", 0x277, 0x0807040600070406);
    write_msr(0x277, 0x0007040600070406);
  }
}

void control() {
  if (has(11)) {
    accepted("SYSENTER_ESP", 0x175, 0x12345678);
    accepted("SYSENTER_EIP", 0x176, 0xffffffff);
    accepted("SYSENTER_CS", 0x174, 0x8);
    write_msr(0x174, 0);
  }
  if (nx) {
    accepted("EFER, NXE", 0xc0000080, 0x800);
    const u32 others[] = {0, 8, 10, 12, 13, 14, 63};
    for (const u32 bit : others) refused((Text("EFER, bit ") << bit).c_str(), 0xc0000080, (u64{1} << bit) | 0x800);
    accepted("EFER, none", 0xc0000080, 0);
  }
  if (has(9)) {
    const u64 base = read_msr(0x1b);
    expect("APIC_BASE at reset", Text().hex(base, 16), "00000000fee00900");
    accepted("APIC_BASE, BSP is not to be written", 0x1b, base & ~u64{0x100}, base);
    refused("APIC_BASE, bit 0", 0x1b, base | 1);
    refused("APIC_BASE, bit 10", 0x1b, base | 0x400);
    refused("APIC_BASE, beyond the width", 0x1b, base | (u64{1} << width));
    // Its registers are where the base says (SDM 3A, 10.4.5).
    constexpr u32 kUsual = 0xfee00030, kMoved = 0xfed80030;
    const u32 version = at<u32>(kUsual);
    write_msr(0x1b, (base & 0xfff) | (kMoved & ~0xfffu));
    expect("the APIC at another base", at<u32>(kMoved) == version ? "there" : "not there", "there");
    expect("the APIC at its old base", at<u32>(kUsual) == version ? "there" : "not there", "not there");
    write_msr(0x1b, base);
    // Switched off, the APIC goes from CPUID (SDM 3A, 10.4.3).
    write_msr(0x1b, base & ~u64{0x800});
    expect("CPUID with the APIC off", (cpuid(1).edx & 0x200) ? "shown" : "not shown", "not shown");
    write_msr(0x1b, base);
    expect("CPUID with the APIC on", (cpuid(1).edx & 0x200) ? "shown" : "not shown", "shown");
  }
  if (misc_enable) {
    const u64 value = read_msr(0x1a0);
    accepted("MISC_ENABLE as it is", 0x1a0, value);
    accepted("MISC_ENABLE, read-only bits stay", 0x1a0, value ^ 0x1880, value);
    refused("MISC_ENABLE, bit 1", 0x1a0, value | 2);
    refused("MISC_ENABLE, bit 63", 0x1a0, value | (u64{1} << 63));
    // Limit CPUID Maxval (SDM 4, table 2-2, bit 22).
    write_msr(0x1a0, value | (1u << 22));
    expect("CPUID's last leaf, limited", cpuid(0).eax <= 3 ? "at most 3" : "more", "at most 3");
    write_msr(0x1a0, value);
    if (cpuid(1).ecx & 8) {
      // Enable Monitor FSM (bit 18).
      write_msr(0x1a0, value & ~u64{1 << 18});
      expect("MONITOR disabled, CPUID", (cpuid(1).ecx & 8) ? "shown" : "not shown", "not shown");
      expect("MONITOR disabled", describe(attempt([] { asm volatile("monitor" : : "a"(0), "c"(0), "d"(0)); })), "#UD");
      write_msr(0x1a0, value);
    }
    if (nx) {
      // XD Bit Disable (bit 34): neither shown nor to be switched on.
      write_msr(0x1a0, value | (u64{1} << 34));
      expect("NX disabled, CPUID", (cpuid(0x80000001).edx & (1u << 20)) ? "shown" : "not shown", "not shown");
      expect("NX disabled, EFER", writing(0xc0000080, 0x800), kGp);
      write_msr(0x1a0, value);
      expect("NX enabled, CPUID", (cpuid(0x80000001).edx & (1u << 20)) ? "shown" : "not shown", "shown");
    } else {
      refused("MISC_ENABLE, bit 34", 0x1a0, value | (u64{1} << 34));
    }
  }
}

u64 rdtsc() {
  u32 low, high;
  asm volatile("rdtsc" : "=a"(low), "=d"(high));
  return (u64{high} << 32) | low;
}

void time() {
  if (!has(4)) return;
  const u64 early = rdtsc(), late = rdtsc();
  expect("RDTSC, twice", late > early ? "grows" : "does not", "grows");
  write_msr(0x10, 0x500000000);
  const u64 now = rdtsc();
  // Before the Core Duo a write clears the upper half (SDM 3B, 17.17.3).
  const u32 model = (cpuid(1).eax >> 4) & 15;
  expect("TSC written, upper half", Text() << static_cast<u32>(now >> 32), model >= 14 ? "5" : "0");
  expect("TSC written, lower half", static_cast<u32>(now) < 100000 ? "near" : "far", "near");
  write_cr4(read_cr4() | 4);
  for (u32 ring = 0; ring < 4; ++ring) {
    expect(Text("RDTSC with TSD at ring ") << ring, describe(call_at_ring(ring, [] { (void)rdtsc(); })),
           ring == 0 ? kDone : kGp);
  }
  write_cr4(read_cr4() & ~4u);
  expect("RDTSC without TSD at ring 3", describe(call_at_ring(3, [] { (void)rdtsc(); })), kDone);
  if (!adjust) return;
  write_msr(0x3b, 0);
  write_msr(0x10, u64{1} << 40);
  const u64 moved = read_msr(0x3b);
  expect("TSC_ADJUST follows the TSC", moved > (u64{1} << 39) && moved <= (u64{1} << 40) ? "by as much" : "not",
         "by as much");
  write_msr(0x3b, moved + (u64{1} << 41));
  const u64 after = rdtsc();
  expect("TSC follows TSC_ADJUST", after >> 40 == 3 ? "by as much" : "not", "by as much");
  write_msr(0x3b, 0);
}

// RDPMC and the P6's counters (SDM 2B, RDPMC; SDM 3B, 18.7).
u64 rdpmc(u32 n) {
  u32 low, high;
  asm volatile("rdpmc" : "=a"(low), "=d"(high) : "c"(n));
  return (u64{high} << 32) | low;
}

void counters() {
  expect("RDPMC 0", describe(attempt([] { (void)rdpmc(0); })), kDone);
  expect("RDPMC 1", describe(attempt([] { (void)rdpmc(1); })), kDone);
  expect("RDPMC 2", describe(attempt([] { (void)rdpmc(2); })), kGp);
  for (u32 ring = 1; ring < 4; ++ring) {
    expect(Text("RDPMC without PCE at ring ") << ring, describe(call_at_ring(ring, [] { (void)rdpmc(0); })), kGp);
  }
  write_cr4(read_cr4() | 0x100);
  expect("RDPMC with PCE at ring 3", describe(call_at_ring(3, [] { (void)rdpmc(0); })), kDone);
  write_cr4(read_cr4() & ~0x100u);

  write_msr(0x186, 0);
  accepted("PerfCtr0", 0xc1, 0x12345678);
  accepted("PerfCtr0, a negative value", 0xc1, 0xfffffff0, 0xfffffffff0);
  refused("PerfEvtSel0, bit 21", 0x186, 0x200000);
  // Instructions retired, in all rings: 100 NOPs and two more.
  write_msr(0xc1, 0);
  write_msr(0x186, 0x4300c0);
  const u64 before = rdpmc(0);
  asm volatile(".rept 100\nnop\n.endr");
  const u64 counted = rdpmc(0) - before;
  expect("instructions retired", counted >= 100 && counted < 112 ? "about 100" : "not", "about 100");
  write_msr(0x186, 0);
  const u64 stopped = rdpmc(0);
  expect("stopped", rdpmc(0) == stopped && stopped > 100 ? "stays" : "moves", "stays");
}

}  // namespace

void guest_main() {
  features = cpuid(1).edx;
  const u32 extended = cpuid(0x80000000).eax;
  nx = (extended >> 31) && (cpuid(0x80000001).edx & (1u << 20));
  adjust = cpuid(0).eax >= 7 && (cpuid(7).ebx & 2);
  misc_enable = ((cpuid(1).eax >> 4) & 15) >= 9;  // Pentium M and later
  width = (extended >> 31) && extended >= 0x80000008 ? cpuid(0x80000008).eax & 0xff : 36;
  who();
  memory_types();
  control();
  time();
  counters();
}
