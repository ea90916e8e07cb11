// INT n and exceptions through the IDT: gates of all kinds at every combination of CPL, gate DPL and target DPL; what
// is pushed; double faults by table 6-5; the EXT bit (SDM 2A, INT n; 3A, 6.10 to 6.15).
//
// A line of letters is one CPL: the ring of the handler, i: #GP with the vector's error code, t: #GP with the target's
// selector, '?': anything else.
#include <initializer_list>

#include "frame.hpp"

using namespace bare;

namespace {

constexpr u16 kTarget = kFreeSelectors, kStack = kFreeSelectors + 8;
constexpr u32 kVector = 0x40, kImage = 0x10000;
constexpr u8 kConforming = 0x9f, kPlain = 0x9b;
constexpr u32 kIdtError = kVector * 8 + 2;
constexpr u32 kInterruptFlag = 1u << 9;

const u8 arrival[] = {0xcd, kDone};
const u8 int_n[] = {0xcd, kVector, 0x90};
const u8 undefined[] = {0x0f, 0x0b};

u64 gate_to(u16 selector, u32 access) { return gate(selector, reinterpret_cast<u32>(arrival) - kImage, access); }
void set_target(u32 access, u32 dpl) { gdt[kTarget >> 3] = descriptor(kImage, 0xfffff, access | dpl << 5, 0xc); }

Trap go(u32 cpl, const u8* code = int_n) {
  State s = state_at_ring(cpl);
  s.eip = reinterpret_cast<u32>(code);
  s.eflags = 2 | kInterruptFlag | 1u << 14;  // IF and NT
  return run(s);
}

u32 stack_of(u32 ring) { return ring == 0 ? tss.esp0 : ring == 1 ? tss.esp1 : tss.esp2; }
u32 word(u32 place, u32 width) { return width == 4 ? u32{at<u32>(place)} : u32{at<u16>(place)}; }

// What the processor pushed, and the flags of the handler: NT and for interrupt gates IF clear.
bool frame_right(const Trap& t, u32 cpl, u32 width, bool interrupt_gate) {
  const u32 ring = t.at.cs & 3, sp = t.at.esp, mask = width == 4 ? ~0u : 0xffff;
  const State s = state_at_ring(cpl);
  if (((t.at.eflags & kInterruptFlag) != 0) == interrupt_gate || (t.at.eflags & 1u << 14)) return false;
  if (word(sp, width) != ((reinterpret_cast<u32>(int_n) + 2) & mask) || word(sp + width, width) != s.cs) return false;
  if ((word(sp + 2 * width, width) & 0x4200) != 0x4200) return false;
  if (ring == cpl) return sp == s.esp - 3 * width;
  return sp + 5 * width == stack_of(ring) && word(sp + 3 * width, width) == (s.esp & mask) &&
         word(sp + 4 * width, width) == s.ss;
}

struct GateKind {
  const char* name;
  u32 access;
};
constexpr GateKind kKinds[] = {
    {"interrupt gate", 0x8e}, {"trap gate", 0x8f}, {"16-bit interrupt gate", 0x86}, {"16-bit trap gate", 0x87}};

// Gate DPL by target DPL.
void matrix(const GateKind& kind, bool conforming, u32 cpl) {
  Text got, wanted;
  for (u32 i = 0; i < 16; ++i) {
    const u32 gate_dpl = i / 4, dpl = i % 4;
    set_target(conforming ? kConforming : kPlain, dpl);
    idt[kVector] = gate_to(kTarget, kind.access | gate_dpl << 5);
    const Trap t = go(cpl);
    char c = '?';
    if (t.done() && frame_right(t, cpl, (kind.access & 8) ? 4 : 2, !(kind.access & 1)))
      c = static_cast<char>('0' + (t.at.cs & 3));
    if (t.vector == 13 && t.error == kIdtError) c = 'i';
    if (t.vector == 13 && t.error == kTarget) c = 't';
    got << c;
    wanted << (gate_dpl < cpl ? 'i' : dpl > cpl ? 't' : static_cast<char>('0' + (conforming ? cpl : dpl)));
  }
  expect(Text(kind.name) << (conforming ? " to conforming code" : "") << " at ring " << cpl, got, wanted);
}

// What is checked after the privileges, for software (EXT clear) and for an exception (EXT set).
void checks() {
  const struct {
    const char* what;
    u32 vector;
    const u8* code;
    u32 ext;
  } events[] = {{"int n ", kVector, int_n, 0}, {"exception ", 6, undefined, 1}};
  for (const auto& e : events) {
    const u64 old = idt[e.vector];
    const u32 entry_error = e.vector * 8 + 2 + e.ext;
    const auto with = [&](u64 g, u64 target) {
      idt[e.vector] = g;
      gdt[kTarget >> 3] = target;
      return describe(go(0, e.code));
    };
    const u64 good = descriptor(kImage, 0xfffff, kPlain, 0xc);
    const auto named = [&](const char* what) { return Text(e.what) << what; };
    for (const u32 type : {0u, 1u, 2u, 3u, 4u, 8u, 9u, 10u, 11u, 12u, 13u}) {
      expect(named("through type ").hex(type, 1), with(gate_to(kTarget, 0xe0 | type), good), fault("#GP", entry_error));
    }
    expect(named("through a data descriptor"), with(good, good), fault("#GP", entry_error));
    expect(named("gate not present"), with(gate_to(kTarget, 0x6e), good), fault("#NP", entry_error));
    expect(named("target not present"), with(gate_to(kTarget, 0xee), descriptor(kImage, 0xfffff, 0x1b, 0xc)),
           fault("#NP", kTarget + e.ext));
    expect(named("target is data"), with(gate_to(kTarget, 0xee), descriptor(kImage, 0xfffff, 0x93, 0xc)),
           fault("#GP", kTarget + e.ext));
    expect(named("target ends before the offset"), with(gate_to(kTarget, 0xee), descriptor(kImage, 0, kPlain, 4)),
           fault("#GP", e.ext));
    expect(named("selector is null"), with(gate_to(0, 0xee), good), fault("#GP", e.ext));
    expect(named("selector is beyond the table"), with(gate_to(0xfff8, 0xee), good), fault("#GP", 0xfff8 + e.ext));
    // The new stack: the handler in ring 1, so that #TS and #SS find a good stack in ring 0.
    const u32 ss = tss.ss1;
    const auto from_ring3 = [&](u16 selector, u32 access, u32 limit = 0xfffff, u32 flags = 0xc) {
      tss.ss1 = selector;
      gdt[kStack >> 3] = descriptor(0, limit, access, flags);
      idt[e.vector] = gate_to(kTarget, 0xee);
      set_target(kPlain, 1);
      const Trap t = go(3, e.code);
      tss.ss1 = ss;
      return describe(t);
    };
    expect(named("new ss fits"), from_ring3(kStack | 1, 0xb3), "done");
    expect(named("new ss is null"), from_ring3(0, 0xb3), fault("#TS", e.ext));
    expect(named("new ss has a wrong rpl"), from_ring3(kStack, 0xb3), fault("#TS", kStack + e.ext));
    expect(named("new ss has a wrong dpl"), from_ring3(kStack | 1, 0x93), fault("#TS", kStack + e.ext));
    expect(named("new ss is read-only"), from_ring3(kStack | 1, 0xb1), fault("#TS", kStack + e.ext));
    expect(named("new ss is not present"), from_ring3(kStack | 1, 0x33), fault("#SS", kStack + e.ext));
    expect(named("new ss is full"), from_ring3(kStack | 1, 0xb7, tss.esp1 - 17, 4), fault("#SS", kStack + e.ext));
    idt[e.vector] = old;
  }
  // Beyond the table's limit.
  struct [[gnu::packed]] {
    u16 limit;
    u32 base;
  } idtr;
  asm volatile("sidt %0" : "=m"(idtr));
  const u16 whole = idtr.limit;
  idtr.limit = kVector * 8 + 6;
  asm volatile("lidt %0" : : "m"(idtr));
  Text got = describe(go(0));
  idtr.limit = kVector * 8 + 7;
  asm volatile("lidt %0" : : "m"(idtr));
  idt[kVector] = gate_to(kTarget, 0xee);
  set_target(kPlain, 0);
  got << ", " << describe(go(0));
  idtr.limit = whole;
  asm volatile("lidt %0" : : "m"(idtr));
  expect("last gate of the table, cut and whole", got, fault("#GP", kIdtError) << ", done");
}

// --- Double faults (table 6-5): a first exception whose gate leads to a second.

// Code that raises each exception at ring 0.
const u8 divide[] = {0x31, 0xc9, 0xf7, 0xf1};                  // xor ecx, ecx; div ecx
const u8 general[] = {0xb8, 0x50, 0xff, 0, 0, 0x8e, 0xd8};     // mov eax, ff50; mov ds, eax
const u8 overflow[] = {0xb0, 0x7f, 0x04, 1, 0xce};             // mov al, 7f; add al, 1; into
const u8 stack_fault[] = {0xb8, kStack, 0, 0, 0, 0x8e, 0xd0};  // mov eax, kStack; mov ss, eax: not present

void double_faults() {
  gdt[kStack >> 3] = descriptor(0, 0xfffff, 0x13, 0xc);
  // The gate of `first` is not present (#NP), names a bad selector (#GP) or one that is not present (#NP).
  const struct {
    const char* name;
    u32 vector;
    const u8* code;
    bool contributory;
  } firsts[] = {{"#DE", 0, divide, true},
                {"#UD", 6, undefined, false},
                {"#GP", 13, general, true},
                {"#SS", 12, stack_fault, true},
                {"#OF", 4, overflow, false}};
  for (const auto& f : firsts) {
    const u64 old = idt[f.vector];
    const u32 ext = f.vector == 4 ? 0 : 1;  // INTO is software
    idt[f.vector] = old & ~(u64{0x8000} << 32);
    expect(Text(f.name) << " with a gate that is not present", describe(go(0, f.code)),
           f.contributory ? fault("#DF", 0) : fault("#NP", f.vector * 8 + 2 + ext));
    idt[f.vector] = gate(0xfff8, 0, 0xee);
    expect(Text(f.name) << " with a gate to nowhere", describe(go(0, f.code)),
           f.contributory ? fault("#DF", 0) : fault("#GP", 0xfff8 + ext));
    idt[f.vector] = old;
  }
  // INT n to itself is no exception: a fault of it is the first one.
  idt[kVector] = gate(0xfff8, 0, 0xee);
  expect("int n with a gate to nowhere", describe(go(0)), fault("#GP", 0xfff8));
  // A #DF pushes zero, and the address of the instruction that began it.
  const u64 old = idt[0];
  idt[0] &= ~(u64{0x8000} << 32);
  const Trap t = go(0, divide);
  idt[0] = old;
  expect("eip of the double fault", Text() << t.at.eip - reinterpret_cast<u32>(divide), "2");
}

// RF in the pushed image (SDM 3B, 17.3.1.1).
void resume_flag() {
  const auto rf = [](const Trap& t) { return (t.at.eflags & 1u << 16) ? "rf" : "no rf"; };
  expect("image of #UD", rf(go(0, undefined)), "rf");
  expect("image of #DE", rf(go(0, divide)), "rf");
  const u8 breakpoint[] = {0xcc};
  expect("image of #BP", rf(go(0, breakpoint)), "no rf");
  expect("image of #OF", rf(go(0, overflow)), "no rf");
}

}  // namespace

void guest_main() {
  out8(0x21, 0xff);  // no interrupt is to come while IF is set
  out8(0xa1, 0xff);
  const u64 old = idt[kVector];
  for (const GateKind& kind : kKinds) {
    for (const bool conforming : {false, true}) {
      for (u32 cpl = 0; cpl < 4; ++cpl) matrix(kind, conforming, cpl);
    }
  }
  idt[kVector] = old;
  checks();
  double_faults();
  resume_flag();
}
