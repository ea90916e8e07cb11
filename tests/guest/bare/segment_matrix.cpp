// Every descriptor type by P, DPL, RPL and CPL: what loading it into DS or SS does, and what LAR, LSL, VERR and VERW
// say.
//
// A line is one type at one CPL; its 32 letters are P = 1, then 0, in each DPL 0 to 3, in each RPL 0 to 3. The expected
// ones come from the rules of the manual (SDM 2, MOV, LAR, LSL, VERR; 3A, 5.6 and 5.7), written down again below.
//   '.': done, or ZF set with the right value   '-': ZF clear   G, N, S: #GP, #NP, #SS with the selector's error code
//   '?': anything else
#include <initializer_list>

#include "frame.hpp"

using namespace bare;

namespace {

constexpr u32 kCases = 32;                                                           // of a line
constexpr u32 kLimit = 0x12345, kLimitBytes = (kLimit << 12) | 0xfff, kFlags = 0xd;  // G, B, AVL

enum Operation : u32 { kLoadDs, kLoadSs, kLar, kLsl, kVerr, kVerw, kOperations };
constexpr const char* kNames[kOperations] = {"mov ds", "mov ss", "lar", "lsl", "verr", "verw"};

struct Descriptor {
  u32 access;  // bits 8-15 of the high dword
  u32 type() const { return access & 15; }
  bool system() const { return !(access & 0x10); }
  bool code() const { return !system() && (access & 8); }
  bool data() const { return !system() && !(access & 8); }
  bool conforming() const { return code() && (access & 4); }
  bool second() const { return access & 2; }  // writable data, readable code
  u32 dpl() const { return (access >> 5) & 3; }
  bool present() const { return access & 0x80; }
};

bool in(u32 type, u32 set) { return (set >> type) & 1; }
constexpr u32 kLarTypes = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 9 | 1u << 11 | 1u << 12;
constexpr u32 kLslTypes = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 9 | 1u << 11;

char expected(Operation what, const Descriptor& d, u32 rpl, u32 cpl) {
  const u32 weakest = rpl > cpl ? rpl : cpl;
  const bool visible = d.conforming() || d.dpl() >= weakest;
  switch (what) {
    case kLoadDs:
      if (d.system() || (d.code() && !d.second())) return 'G';
      if (!d.conforming() && d.dpl() < weakest) return 'G';
      return d.present() ? '.' : 'N';
    case kLoadSs:
      if (rpl != cpl || !d.data() || !d.second() || d.dpl() != cpl) return 'G';
      return d.present() ? '.' : 'S';
    case kLar: return visible && (!d.system() || in(d.type(), kLarTypes)) ? '.' : '-';
    case kLsl: return visible && (!d.system() || in(d.type(), kLslTypes)) ? '.' : '-';
    case kVerr: return visible && (d.data() || (d.code() && d.second())) ? '.' : '-';
    default: return visible && d.data() && d.second() ? '.' : '-';
  }
}

// --- What the processor does. Faults go on behind their instruction.

u32 resume_at;
u32 fault_vector, fault_error;

bool note_fault(Frame& f) {
  if (f.vector == kDone || resume_at == 0) return false;
  fault_vector = f.vector;
  fault_error = f.error;
  f.eip = resume_at;
  resume_at = 0;
  return true;
}

char of_load(u16 selector) {
  resume_at = 0;
  if (fault_vector == 0) return '.';
  if (fault_error != (selector & 0xfffcu)) return '?';
  return fault_vector == 13 ? 'G' : fault_vector == 11 ? 'N' : fault_vector == 12 ? 'S' : '?';
}

char load_ds(u16 selector) {
  fault_vector = 0;
  asm volatile("mov %%ds, %%edx\n movl $1f, %0\n mov %w1, %%ds\n 1: mov %%edx, %%ds"
               : "=m"(resume_at)
               : "r"(u32{selector})
               : "edx", "memory");
  return of_load(selector);
}

char load_ss(u16 selector) {
  fault_vector = 0;
  asm volatile("mov %%ss, %%edx\n movl $1f, %0\n mov %w1, %%ss\n 1: mov %%edx, %%ss"
               : "=m"(resume_at)
               : "r"(u32{selector})
               : "edx", "memory");
  return of_load(selector);
}

char by_flag(bool zero, bool right) { return !zero ? '-' : right ? '.' : '?'; }

char observe(Operation what, u16 selector, const Descriptor& d) {
  u32 value = 0;
  bool zero;
  switch (what) {
    case kLoadDs: return load_ds(selector);
    case kLoadSs: return load_ss(selector);
    case kLar:
      asm volatile("lar %k2, %0" : "+r"(value), "=@ccz"(zero) : "r"(u32{selector}));
      // Bits 16-19 are undefined (SDM 2A, LAR).
      return by_flag(zero, (value & 0xfff0ff00) == (d.access << 8 | kFlags << 20));
    case kLsl:
      asm volatile("lsl %k2, %0" : "+r"(value), "=@ccz"(zero) : "r"(u32{selector}));
      return by_flag(zero, value == kLimitBytes);
    case kVerr: asm volatile("verr %w1" : "=@ccz"(zero) : "r"(u32{selector})); return by_flag(zero, true);
    default: asm volatile("verw %w1" : "=@ccz"(zero) : "r"(u32{selector})); return by_flag(zero, true);
  }
}

constexpr u32 kFirst = kFreeSelectors >> 3;

// One descriptor for each P and DPL of a type.
void make_descriptors(u32 type) {
  for (u32 n = 0; n < 8; ++n) {
    const u32 access = (n < 4 ? 0x80u : 0u) | ((n & 3) << 5) | type;
    gdt[kFirst + n] = descriptor(0, kLimit, access, kFlags);
  }
}
u32 access_of(u32 n) { return static_cast<u32>(gdt[kFirst + n] >> 40) & 0xff; }

void type_at_ring(u32 type, u32 cpl) {
  for (u32 w = 0; w < kOperations; ++w) {
    const Operation what = static_cast<Operation>(w);
    make_descriptors(type);
    char got[kCases + 1] = {}, wanted[kCases + 1] = {};
    bool accessed_right = true;
    const Trap t = call_at_ring(cpl, [&] {
      for (u32 i = 0; i < kCases; ++i) {
        const u32 n = i / 4, rpl = i % 4;
        const Descriptor d{access_of(n)};
        wanted[i] = expected(what, d, rpl, cpl);
        got[i] = observe(what, static_cast<u16>((kFirst + n) << 3 | rpl), d);
        // A load sets the accessed bit of code and data, and nothing else does (3A, 3.4.5.1).
        const u32 loaded = what <= kLoadSs && wanted[i] == '.' ? 1u : 0u;
        accessed_right = accessed_right && access_of(n) == (d.access | loaded);
      }
    });
    Text name = (Text(kNames[w]) << " of type ").hex(type, 2) << " at ring " << cpl;
    Text saw = Text(got) << (accessed_right ? "" : " with a wrong accessed bit");
    if (!t.done()) saw << ", then " << describe(t);
    expect(name, saw, wanted);
  }
}

// Null selectors, and those beyond the tables.
void selectors() {
  for (u32 rpl = 0; rpl < 4; ++rpl) {
    const u16 null = static_cast<u16>(rpl);
    expect(Text("null selector ") << rpl << " in ds", Text(load_ds(null) == '.' ? "taken" : "refused"), "taken");
    const bool zero_error = load_ss(null) == 'G';
    expect(Text("null selector ") << rpl << " in ss", zero_error ? "#GP(0000)" : "other", "#GP(0000)");
    bool zero;
    u32 value = 0;
    asm volatile("lar %k2, %0" : "+r"(value), "=@ccz"(zero) : "r"(u32{null}));
    expect(Text("lar of null selector ") << rpl, zero ? "zf" : "no zf", "no zf");
  }
  const u16 beyond = kGdtEntries * 8;
  expect("beyond the gdt in ds", Text() << load_ds(beyond), "G");
  expect("beyond the gdt in ss", Text() << load_ss(beyond), "G");
  expect("in an ldt that is null", Text() << load_ds(0x0f & ~3), "G");
  // The last descriptor, whole and cut.
  struct [[gnu::packed]] {
    u16 limit;
    u32 base;
  } gdtr;
  asm volatile("sgdt %0" : "=m"(gdtr));
  gdt[kFirst] = descriptor(0, kLimit, 0x93, kFlags);
  const u16 selector = kFirst << 3;
  const u16 whole = gdtr.limit;
  gdtr.limit = selector + 7;
  asm volatile("lgdt %0" : : "m"(gdtr));
  const char last = load_ds(selector);
  gdtr.limit = selector + 6;
  asm volatile("lgdt %0" : : "m"(gdtr));
  const char cut = load_ds(selector);
  gdtr.limit = whole;
  asm volatile("lgdt %0" : : "m"(gdtr));
  expect("last descriptor of the table", Text() << last << cut, ".G");
  // An LDT.
  alignas(8) static u64 ldt[2];
  ldt[1] = descriptor(0, kLimit, 0x93, kFlags);
  gdt[kFirst + 1] = descriptor(reinterpret_cast<u32>(ldt), 15, 0x82, 0);
  asm volatile("lldt %w0" : : "r"((kFirst + 1) << 3));
  expect("from the ldt", Text() << load_ds(0x0c) << load_ds(0x14), ".G");
  asm volatile("lldt %w0" : : "r"(0));
}

// LLDT and LTR at ring 0, by type, present and not (SDM 2A, LLDT and LTR).
char load_table(bool task, u16 selector) {
  fault_vector = 0;
  if (task)
    asm volatile("movl $1f, %0\n ltr %w1\n 1:" : "=m"(resume_at) : "r"(u32{selector}) : "memory");
  else
    asm volatile("movl $1f, %0\n lldt %w1\n 1:" : "=m"(resume_at) : "r"(u32{selector}) : "memory");
  return of_load(selector);
}

void table_registers() {
  for (const bool task : {false, true}) {
    for (const u32 present : {0x80u, 0u}) {
      Text got, wanted;
      for (u32 type = 0; type < 32; ++type) {
        gdt[kFirst] = descriptor(0x100000, 0xfff, present | type, 0);
        got << load_table(task, kFirst << 3);
        const bool fits = task ? type == 1 || type == 9 : type == 2;
        wanted << (!fits ? 'G' : present ? '.' : 'N');
        const u64 busy = descriptor(0x100000, 0xfff, present | type | (task && fits && present ? 2u : 0u), 0);
        if (gdt[kFirst] != busy) got << "!";
      }
      expect(Text(task ? "ltr" : "lldt") << " of types 0 to 31" << (present ? "" : " that are not present"), got,
             wanted);
    }
  }
  gdt[kFirst] = descriptor(0x100000, 0xfff, 0x82, 0);
  expect("lldt of the null selector", Text() << load_table(false, 3), ".");
  expect("ltr of the null selector", Text() << load_table(true, 3), "G");
  expect("lldt and ltr of a selector in the ldt", Text() << load_table(false, 0x0c) << load_table(true, 0x0c), "GG");
  expect("lldt and ltr beyond the gdt", Text() << load_table(false, 0xfff8) << load_table(true, 0xfff8), "GG");
  asm volatile("lldt %w0" : : "r"(0));
  gdt[kTaskSelector >> 3] &= ~(u64{2} << 40);
  asm volatile("ltr %w0" : : "r"(u32{kTaskSelector}));
}

// ARPL (SDM 2A): the destination's RPL is raised to the source's.
void adjust_rpl() {
  Text got, wanted;
  for (u32 i = 0; i < 16; ++i) {
    const u32 to = 0x40 | i / 4, from = 0x80 | i % 4;
    u32 value = to;
    bool zero;
    asm volatile("arpl %w2, %w0" : "+r"(value), "=@ccz"(zero) : "r"(from));
    got << (value & 3) << (zero ? 'z' : '-');
    const bool raised = (to & 3) < (from & 3);
    wanted << (raised ? from & 3 : to & 3) << (raised ? 'z' : '-');
  }
  expect("arpl", got, wanted);
}

}  // namespace

void guest_main() {
  trap_hook = note_fault;
  selectors();
  table_registers();
  adjust_rpl();
  for (u32 type = 0; type < 32; ++type) {
    for (u32 cpl = 0; cpl < 4; ++cpl) type_at_ring(type, cpl);
  }
}
