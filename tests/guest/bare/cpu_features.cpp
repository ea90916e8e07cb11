// What CPUID shows is what works: for each feature that is shown its instructions run and its control bits can be set,
// for each that is not they are undefined and reserved (SDM 2A, CPUID; SDM 1, 21.2). The CPUID leaves hang together.
//
// paemu: -cpu pentium3
// paemu: -cpu pentium-m
// paemu: -cpu coreduo
// paemu: -cpu max32,phys-bits=40
// paemu: -cpu coreduo,-nx,-sse3,-monitor
// paemu: -cpu coreduo,-sse3,-sse2
// paemu: -cpu pentium-m,sse2=off,sse=off,clflush=off
// paemu: -cpu pentium3,-sse,-fxsr,-mmx,-cmov,-cx8,-tsc,-sep,-de,-pge,-vme,-mce,-mca,-pat,-mtrr
// paemu: -cpu pentium3,-pae,-pse36,-pse
// paemu: -cpu pentium3,+nx,+tsc-adjust,+sse2
#include "frame.hpp"

using namespace bare;

namespace {

enum Word { kDx1, kCx1, kDx80000001, kBx7 };

bool shown(Word word, u32 bit) {
  u32 value = 0;
  switch (word) {
    case kDx1: value = cpuid(1).edx; break;
    case kCx1: value = cpuid(1).ecx; break;
    case kDx80000001:
      value = cpuid(0x80000000).eax >= 0x80000001 && cpuid(0x80000000).eax < 0x80001000 ? cpuid(0x80000001).edx : 0;
      break;
    case kBx7: value = cpuid(0).eax >= 7 ? cpuid(7).ebx : 0; break;
  }
  return (value >> bit) & 1;
}

// --- Instructions. X(label, assembly, word, bit)
// clang-format off
#define INSTRUCTIONS \
  X(rdtsc, "rdtsc", kDx1, 4) \
  X(cmpxchg8b, "cmpxchg8b (%ebx)", kDx1, 8) \
  X(cmov, "cmovne %eax, %ecx", kDx1, 15) \
  X(fcmov, "fcmovb %st(0), %st", kDx1, 15) \
  X(fcomi, "fcomi %st(0), %st", kDx1, 15) \
  X(clflush, "clflush (%ebx)", kDx1, 19) \
  X(paddb, "paddb %mm0, %mm1", kDx1, 23) \
  X(movd, "movd %eax, %mm0", kDx1, 23) \
  X(emms, "emms", kDx1, 23) \
  X(fxsave, "fxsave (%ebx)", kDx1, 24) \
  X(addps, "addps %xmm0, %xmm1", kDx1, 25) \
  X(movss, "movss %xmm0, %xmm1", kDx1, 25) \
  X(cvttps2pi, "cvttps2pi %xmm0, %mm0", kDx1, 25) \
  X(pshufw, "pshufw $0, %mm0, %mm1", kDx1, 25) \
  X(pmaxub, "pmaxub %mm0, %mm1", kDx1, 25) \
  X(movntq, "movntq %mm0, (%ebx)", kDx1, 25) \
  X(stmxcsr, "stmxcsr (%ebx)", kDx1, 25) \
  X(sfence, "sfence", kDx1, 25) \
  X(addpd, "addpd %xmm0, %xmm1", kDx1, 26) \
  X(addsd, "addsd %xmm0, %xmm1", kDx1, 26) \
  X(paddb_xmm, "paddb %xmm0, %xmm1", kDx1, 26) \
  X(paddq_mmx, "paddq %mm0, %mm1", kDx1, 26) \
  X(pmuludq_mmx, "pmuludq %mm0, %mm1", kDx1, 26) \
  X(cvtdq2ps, "cvtdq2ps %xmm0, %xmm1", kDx1, 26) \
  X(movdqu, "movdqu (%ebx), %xmm1", kDx1, 26) \
  X(movq2dq, "movq2dq %mm0, %xmm0", kDx1, 26) \
  X(movnti, "movnti %eax, (%ebx)", kDx1, 26) \
  X(lfence, "lfence", kDx1, 26) \
  X(mfence, "mfence", kDx1, 26) \
  X(haddps, "haddps %xmm0, %xmm1", kCx1, 0) \
  X(movddup, "movddup %xmm0, %xmm1", kCx1, 0) \
  X(lddqu, "lddqu (%ebx), %xmm0", kCx1, 0) \
  X(fisttp, "fisttps (%ebx)", kCx1, 0)
// clang-format on

#define X(label, text, word, bit) asm("code_" #label ": " text "\nint $0x30");
INSTRUCTIONS
#undef X
#define X(label, text, word, bit) extern "C" const u8 code_##label[];
}  // namespace
INSTRUCTIONS
#undef X
namespace {

alignas(16) u8 scratch[512];

struct Instruction {
  const char* text;
  const u8* code;
  Word word;
  u32 bit;
};
constexpr Instruction kInstructions[] = {
#define X(label, text, word, bit) {text, code_##label, word, bit},
    INSTRUCTIONS
#undef X
};

void instructions() {
  if (shown(kDx1, 24)) write_cr4(read_cr4() | 0x200);  // OSFXSR
  for (const Instruction& i : kInstructions) {
    asm volatile("fninit; fldz");
    State s = state_at_ring(0);
    s.eip = reinterpret_cast<u32>(i.code);
    s.ebx = reinterpret_cast<u32>(scratch);
    expect(i.text, describe(run(s)), shown(i.word, i.bit) ? "done" : "#UD");
  }
  // SYSENTER without a code segment is #GP(0), where there is one (SDM 2B).
  expect("sysenter", describe(attempt([] { asm volatile("sysenter"); })), shown(kDx1, 11) ? "#GP(0000)" : "#UD");
  const bool monitor = shown(kCx1, 3);
  expect("monitor", describe(attempt([] { asm volatile("monitor"
                                                       :
                                                       : "a"(scratch), "c"(0), "d"(0)); })),
         monitor ? "done" : "#UD");
  expect("monitor with an extension", describe(attempt([] { asm volatile("monitor"
                                                                         :
                                                                         : "a"(0), "c"(1), "d"(0)); })),
         monitor ? "#GP(0000)" : "#UD");
  expect("monitor at ring 3", describe(call_at_ring(3, [] { asm volatile("monitor"
                                                                         :
                                                                         : "a"(0), "c"(0), "d"(0)); })),
         "#UD");
  expect("mwait at ring 3", describe(call_at_ring(3, [] { asm volatile("mwait" : : "a"(0), "c"(0)); })), "#UD");
  // An exception between MONITOR and MWAIT ends the wait before it begins (SDM 3A, 8.10.4): nothing would wake it here.
  expect("mwait after an interrupt", describe(attempt([] {
           asm volatile("monitor" : : "a"(scratch), "c"(0), "d"(0));
           (void)attempt([] { asm volatile("ud2"); });
           asm volatile("mwait" : : "a"(0), "c"(0));
         })),
         monitor ? "done" : "#UD");
  // Hints are NOPs where they are nothing else (SDM 2B, PREFETCHh).
  expect("prefetcht0", describe(attempt([] { asm volatile("prefetcht0 (%0)" : : "r"(scratch)); })), "done");
}

// MWAIT waits: what interrupts it finds EAX as it was before the next instruction.
asm("code_mwait: monitor\nmwait\nmovl $1, %eax\n1: jmp 1b");
extern "C" const u8 code_mwait[];

void waiting() {
  // 8259A on vectors 20h-27h with IRQ 0 alone; 8254 channel 0 in mode 2, 100 us from now.
  struct Write {
    u16 port;
    u8 value;
  };
  constexpr Write kWrites[] = {{0x20, 0x11}, {0x21, 0x20}, {0x21, 4},   {0x21, 1},
                               {0x21, 0xfe}, {0x43, 0x34}, {0x40, 120}, {0x40, 0}};
  for (const Write& w : kWrites) out8(w.port, w.value);
  State s = state_at_ring(0);
  s.eip = reinterpret_cast<u32>(code_mwait);
  s.eflags |= 0x200;
  const Trap t = run(s);
  out8(0x21, 0xff);
  out8(0x20, 0x20);
  expect("mwait until an interrupt", describe(t) << " eax " << t.at.eax, "vector 32 eax 0");
}

// --- CR4 (SDM 3A, 2.5).

struct ControlBit {
  const char* name;
  u32 bit;
  Word word;
  u32 feature;
};
constexpr ControlBit kControlBits[] = {
    {"VME", 0, kDx1, 1},     {"PVI", 1, kDx1, 1},          {"TSD", 2, kDx1, 4}, {"DE", 3, kDx1, 2},
    {"PSE", 4, kDx1, 3},     {"PAE", 5, kDx1, 6},          {"MCE", 6, kDx1, 7}, {"PGE", 7, kDx1, 13},
    {"OSFXSR", 9, kDx1, 24}, {"OSXMMEXCPT", 10, kDx1, 25},
};

void control_bits() {
  const u32 before = read_cr4();
  u32 known = 1u << 8;
  for (const ControlBit& c : kControlBits) {
    known |= 1u << c.bit;
    const Trap t = attempt([&] { write_cr4(before | (1u << c.bit)); });
    expect(Text("CR4.") << c.name, describe(t), shown(c.word, c.feature) ? "done" : "#GP(0000)");
    write_cr4(before);
  }
  expect("CR4.PCE", describe(attempt([&] { write_cr4(before | (1u << 8)); })), "done");
  write_cr4(before);
  for (u32 bit = 0; bit < 32; ++bit) {
    if ((known >> bit) & 1) continue;
    expect(Text("CR4 bit ") << bit, describe(attempt([&] { write_cr4(before | (1u << bit)); })), "#GP(0000)");
  }
}

// --- CPUID.

bool same(const Cpuid& a, const Cpuid& b) {
  return a.eax == b.eax && a.ebx == b.ebx && a.ecx == b.ecx && a.edx == b.edx;
}

void leaves() {
  const Cpuid first = cpuid(0);
  char vendor[13] = {};
  const u32 words[] = {first.ebx, first.edx, first.ecx};
  for (u32 i = 0; i < 12; ++i) vendor[i] = static_cast<char>(words[i / 4] >> (8 * (i % 4)));
  expect("vendor", vendor, "GenuineIntel");
  expect("family", Text() << ((cpuid(1).eax >> 8) & 15), "6");
  // Above the last leaf the answer is that of the last basic one.
  const Cpuid last = cpuid(first.eax, 0);
  expect("a leaf above the last", same(cpuid(first.eax + 1, 0), last) ? "as the last" : "its own", "as the last");
  expect("leaf 40000000h", same(cpuid(0x40000000, 0), last) ? "as the last" : "its own", "as the last");
  const u32 extended = cpuid(0x80000000).eax;
  const bool any = extended >> 31;
  expect("an extended leaf above the last",
         same(cpuid(any ? extended + 1 : 0x80000000, 0), last) ? "as the last" : "its own", "as the last");
  // Upper halves of EAX and leaf 2's round count (SDM 2A, CPUID leaf 2).
  expect("leaf 2, low byte", Text() << (cpuid(2).eax & 0xff), "1");
  if (any && extended >= 0x80000008) {
    const u32 width = cpuid(0x80000008).eax;
    expect("linear address width", Text() << ((width >> 8) & 0xff), "32");
    expect("long mode", shown(kDx80000001, 29) ? "shown" : "not shown", "not shown");
  }
  // At every ring, and in virtual-8086 mode.
  expect("CPUID at ring 3", describe(call_at_ring(3, [] { (void)cpuid(0); })), "done");
  // Leaf 1 loads the microcode's revision into IA32_BIOS_SIGN_ID (SDM 3A, 9.11.7.1).
  write_msr(0x8b, 0);
  (void)cpuid(1);
  expect("microcode revision", (read_msr(0x8b) >> 32) != 0 ? "shown" : "none", "shown");
  // EFLAGS.ID can be changed where there is CPUID.
  u32 flags;
  asm volatile("pushfl; xorl $0x200000, (%%esp); popfl; pushfl; popl %0" : "=r"(flags));
  expect("EFLAGS.ID", (flags & 0x200000) ? "changes" : "stays", "changes");
}

}  // namespace

void guest_main() {
  instructions();
  if (shown(kCx1, 3)) waiting();
  control_bits();
  leaves();
}
