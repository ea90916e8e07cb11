// When x87, MMX and SSE instructions may be used: CR0.EM, TS and MP, CR4.OSFXSR (SDM 3A, tables 2-2, 12-1 and 13-1);
// SIMD exceptions with and without CR4.OSXMMEXCPT (11.5); alignment and reserved bits; which fault comes first.
#include "code.hpp"

using namespace bare;

namespace {

constexpr u32 kMonitor = 2, kEmulation = 4, kSwitched = 8, kNumericError = 0x20;  // CR0
constexpr u32 kOsfxsr = 0x200, kOsxmmexcpt = 0x400;                               // CR4

alignas(16) u8 data[1024];  // at ESI
Trap go() {
  append(0xcd, kDone);
  State s = state_at_ring(0);
  s.eip = code_at(0);
  s.esi = s.edi = reinterpret_cast<u32>(data);
  asm volatile("" : : : "memory");
  return run(s);
}
void set(u32 cr0, u32 cr4) {
  write_cr0((read_cr0() & ~0xeu) | kNumericError | cr0);
  write_cr4((read_cr4() & ~(kOsfxsr | kOsxmmexcpt)) | cr4);
}
template <class... Bytes>
Trap one(Bytes... bytes) {
  begin_code();
  append(bytes...);
  return go();
}
void store(u32 offset, u32 value) { at<u32>(reinterpret_cast<u32>(data) + offset) = value; }
u32 load(u32 offset) { return at<u32>(reinterpret_cast<u32>(data) + offset); }

// --- Availability.

struct Setting {
  const char* name;
  u32 cr0, cr4;
};
constexpr Setting kSettings[] = {{"plain", 0, kOsfxsr},
                                 {"TS", kSwitched, kOsfxsr},
                                 {"TS MP", kSwitched | kMonitor, kOsfxsr},
                                 {"EM", kEmulation, kOsfxsr},
                                 {"EM TS", kEmulation | kSwitched, kOsfxsr},
                                 {"no OSFXSR", 0, 0},
                                 {"no OSFXSR, TS", kSwitched, 0}};
// What each setting gives: . done, N #NM, U #UD.
constexpr const char *kX87 = ".NNNN.N", *kWait = "..N....", *kMmx = ".NNUU.N", *kSse = ".NNUUUU", *kAlways = ".......";

template <class... Bytes>
void available(const char* name, const char* expected, Bytes... bytes) {
  for (u32 n = 0; n < 7; ++n) {
    set(kSettings[n].cr0, kSettings[n].cr4);
    const Trap t = one(bytes...);
    set(0, kOsfxsr);
    const char* want = expected[n] == 'N' ? "#NM" : expected[n] == 'U' ? "#UD" : "done";
    expect((Text(name) << ", ") << kSettings[n].name, describe(t), want);
  }
}

void availability() {
  set(0, kOsfxsr);
  asm volatile("fninit");
  available("fninit", kX87, 0xdb, 0xe3);
  available("fnstsw", kX87, 0xdf, 0xe0);
  available("fsetpm", kX87, 0xdb, 0xe4);
  available("fwait", kWait, 0x9b);
  available("fxsave", kX87, 0x0f, 0xae, 0x06);
  available("movq mm", kMmx, 0x0f, 0x6f, 0xc1);
  available("pavgb mm", kMmx, 0x0f, 0xe0, 0xc1);
  available("movntq", kMmx, 0x0f, 0xe7, 0x06);
  available("emms", kMmx, 0x0f, 0x77);
  available("addps", kSse, 0x0f, 0x58, 0xc1);
  available("movaps", kSse, 0x0f, 0x28, 0x06);
  available("pand xmm", kSse, 0x66, 0x0f, 0xdb, 0xc1);
  available("cvtpi2ps", kSse, 0x0f, 0x2a, 0xc1);
  available("stmxcsr", kSse, 0x0f, 0xae, 0x1e);
  available("sfence", kAlways, 0x0f, 0xae, 0xf8);
  available("lfence", kAlways, 0x0f, 0xae, 0xe8);
  available("prefetcht0", kAlways, 0x0f, 0x18, 0x0e);
  available("movnti", kAlways, 0x0f, 0xc3, 0x06);
  available("clflush", kAlways, 0x0f, 0xae, 0x3e);
  available("pause", kAlways, 0xf3, 0x90);
}

// --- SIMD exceptions: an unmasked one leaves the target and sets its flag.

template <class... Bytes>
void simd(const char* name, u32 unmasked, u32 flags, u32 a, u32 b, Bytes... bytes) {
  constexpr u32 kReported[] = {kOsxmmexcpt, 0};
  for (const u32 cr4 : kReported) {
    set(0, kOsfxsr | cr4);
    store(0, 0x1f80 & ~(unmasked << 7));
    store(16, a), store(32, b), store(48, 0x1f80);
    begin_code();
    append(0x0f, 0xae, 0x16, 0xf3, 0x0f, 0x10, 0x46, 16, 0xf3, 0x0f, 0x10, 0x4e, 32);  // ldmxcsr; movss xmm0; movss xmm1
    append(bytes...);
    const Trap t = go();
    begin_code();
    append(0x0f, 0xae, 0x5e, 4, 0xf3, 0x0f, 0x11, 0x46, 8, 0x0f, 0xae, 0x56, 48);  // stmxcsr; movss [8], xmm0; ldmxcsr
    go();
    const Text got = (((describe(t) << " flags ").hex(load(4) & 0x3f, 2)) << " target ").hex(load(8));
    const Text want = (((Text(cr4 ? "#XM" : "#UD") << " flags ").hex(flags, 2)) << " target ").hex(a);
    expect(Text(name) << (cr4 ? "" : ", no OSXMMEXCPT"), got, want);
  }
}

void simd_exceptions() {
  simd("invalid", 1, 0x01, 0x3f800000, 0xbf800000, 0xf3, 0x0f, 0x51, 0xc1);            // sqrtss of -1
  simd("denormal", 2, 0x02, 0x3f800000, 0x00000001, 0xf3, 0x0f, 0x58, 0xc1);           // addss
  simd("zero divide", 4, 0x04, 0x3f800000, 0x00000000, 0xf3, 0x0f, 0x5e, 0xc1);        // divss
  simd("overflow, exact", 8, 0x08, 0x7f000000, 0x40000000, 0xf3, 0x0f, 0x59, 0xc1);    // mulss
  simd("overflow", 8, 0x28, 0x7f7fffff, 0x40400000, 0xf3, 0x0f, 0x59, 0xc1);           // mulss
  simd("underflow, exact", 16, 0x10, 0x00800000, 0x3f000000, 0xf3, 0x0f, 0x59, 0xc1);  // mulss
  simd("precision", 32, 0x20, 0x3f800000, 0x40400000, 0xf3, 0x0f, 0x5e, 0xc1);         // divss
  // Found in the operands: those of the result are not looked for (SDM 1, 11.5.3).
  simd("denormal before precision", 2, 0x02, 0x3f800000, 0x00000001, 0xf3, 0x0f, 0x5c, 0xc1);
}

// --- Operands.

void operands() {
  set(0, kOsfxsr | kOsxmmexcpt);
  asm volatile("fninit");
  expect("movaps off 16 bytes", describe(one(0x0f, 0x28, 0x46, 8)), "#GP(0000)");
  expect("addps off 16 bytes", describe(one(0x0f, 0x58, 0x46, 4)), "#GP(0000)");
  expect("movntps off 16 bytes", describe(one(0x0f, 0x2b, 0x46, 8)), "#GP(0000)");
  expect("movups off 16 bytes", describe(one(0x0f, 0x10, 0x46, 1)), "done");
  expect("lddqu off 16 bytes", describe(one(0xf2, 0x0f, 0xf0, 0x46, 1)), "done");
  expect("addss off 4 bytes", describe(one(0xf3, 0x0f, 0x58, 0x46, 1)), "done");
  expect("fxsave off 16 bytes", describe(one(0x0f, 0xae, 0x46, 8)), "#GP(0000)");
  expect("fxrstor off 16 bytes", describe(one(0x0f, 0xae, 0x4e, 8)), "#GP(0000)");
  one(0x0f, 0xae, 0x06);
  store(24, 0x00011f80);
  expect("fxrstor with a reserved bit of MXCSR", describe(one(0x0f, 0xae, 0x0e)), "#GP(0000)");
  store(24, 0x1f80);
  expect("fxrstor", describe(one(0x0f, 0xae, 0x0e)), "done");
  store(0, 0x80001f80);
  expect("ldmxcsr with a reserved bit", describe(one(0x0f, 0xae, 0x16)), "#GP(0000)");
  store(0, 0xffff & ~0x8000u);
  expect("ldmxcsr with denormals-are-zero", describe(one(0x0f, 0xae, 0x16)), "done");
  store(0, 0x1f80);
  one(0x0f, 0xae, 0x16);
  expect("lock addps", describe(one(0xf0, 0x0f, 0x58, 0x06)), "#UD");
  expect("lock fld", describe(one(0xf0, 0xd9, 0x06)), "#UD");
  set(kSwitched, 0);
  expect("TS, and addps off 16 bytes", describe(one(0x0f, 0x58, 0x46, 4)), "#UD");
  set(kSwitched, kOsfxsr);
  expect("TS and OSFXSR, and addps off 16 bytes", describe(one(0x0f, 0x58, 0x46, 4)), "#NM");
  set(0, kOsfxsr);
}

// --- With an x87 exception pending (SDM 1, 8.6 and 11.5.4): MMX registers report it, XMM registers do not.

template <class... Bytes>
void pending(const char* name, const char* expected, Bytes... bytes) {
  store(0, 0x37b);
  begin_code();
  append(0xdb, 0xe3, 0xd9, 0x2e, 0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9);  // zero divide unmasked: 1 / 0
  append(bytes...);
  expect(Text("pending: ") << name, describe(go()), expected);
  asm volatile("fninit");
}

void with_pending() {
  pending("addps", "done", 0x0f, 0x58, 0xc1);
  pending("fxsave", "done", 0x0f, 0xae, 0x46, 16);
  pending("paddb mm", "#MF", 0x0f, 0xfc, 0xc1);
  pending("cvtps2pi", "#MF", 0x0f, 0x2d, 0xc1);
  pending("cvtpi2ps from memory", "#MF", 0x0f, 0x2a, 0x46, 16);
  pending("cvtpi2pd from memory", "done", 0x66, 0x0f, 0x2a, 0x46, 16);
  pending("cvtpi2pd from a register", "#MF", 0x66, 0x0f, 0x2a, 0xc1);
  pending("movdq2q", "#MF", 0xf2, 0x0f, 0xd6, 0xc1);
}

}  // namespace

void guest_main() {
  availability();
  simd_exceptions();
  operands();
  with_pending();
}
