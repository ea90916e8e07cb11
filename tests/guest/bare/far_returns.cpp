// RETF and IRET at every combination of CPL and of the DPL and RPL of the segment to return to, what the outer stack
// must be like, which data segments survive, and which flags IRET may change (SDM 2A, IRET; 2B, RET).
//
// A line of letters is one CPL: the ring that the return came to, g: #GP with the code segment's selector, n: #NP,
// s: #GP with the stack's, p: #SS with it, '?': anything else.
#include <initializer_list>

#include "frame.hpp"

using namespace bare;

namespace {

constexpr u16 kTarget = kFreeSelectors, kStack = kFreeSelectors + 8, kVisible = kFreeSelectors + 16;
constexpr u8 kConforming = 0x9f, kPlain = 0x9b;

const u8 arrival[] = {0xcd, kDone};
u32 frame[16];
u32 outer_stack[32];

enum Kind : u8 { kReturn, kInterruptReturn };
struct Return {
  Kind kind = kReturn;
  u32 cpl = 0;
  u16 cs = 0, ss = 0;
  u32 eflags = 2;
  u32 old_flags = 2;
  u32 eip = reinterpret_cast<u32>(arrival);
  u32 esp = reinterpret_cast<u32>(outer_stack + 16);
};

Trap go(const Return& r, u32 release = 0) {
  static u8 code[4];
  code[0] = r.kind == kInterruptReturn ? 0xcf : release != 0 ? 0xca : 0xcb;
  code[1] = static_cast<u8>(release), code[2] = 0;
  u32* at_stack = frame;
  *at_stack++ = r.eip;
  *at_stack++ = r.cs;
  if (r.kind == kInterruptReturn) *at_stack++ = r.eflags;
  at_stack += release / 4;
  *at_stack++ = r.esp;
  *at_stack++ = r.ss;
  asm volatile("" : : : "memory");
  State s = state_at_ring(r.cpl);
  s.eflags = r.old_flags;
  // The frame of run() goes below ESP at ring 0, so the real one is copied to a stack with room.
  for (u32 i = 0; i < 16; ++i) at<u32>(s.esp - 64 + 4 * i) = frame[i];
  s.esp -= 64;
  s.eip = reinterpret_cast<u32>(code);
  return run(s);
}

char letter(const Trap& t) {
  if (t.done()) return static_cast<char>('0' + (t.at.cs & 3));
  if (t.vector == 13) return t.error == kTarget ? 'g' : t.error == kStack ? 's' : '?';
  if (t.vector == 11) return t.error == kTarget ? 'n' : '?';
  if (t.vector == 12) return t.error == kStack ? 'p' : '?';
  return '?';
}

constexpr const char* kNames[] = {"retf", "iret"};

void set_target(u32 access, u32 dpl) { gdt[kTarget >> 3] = descriptor(0, 0xfffff, access | dpl << 5, 0xc); }
void set_stack(u32 access, u32 dpl) { gdt[kStack >> 3] = descriptor(0, 0xfffff, access | dpl << 5, 0xc); }

// The code segment: DPL by RPL, with a stack that fits the RPL.
void code_segments(Kind kind, bool conforming, u32 cpl) {
  Text got, wanted;
  for (u32 i = 0; i < 16; ++i) {
    const u32 dpl = i / 4, rpl = i % 4;
    set_target(conforming ? kConforming : kPlain, dpl);
    set_stack(0x93, rpl);
    Return r;
    r.kind = kind, r.cpl = cpl;
    r.cs = static_cast<u16>(kTarget | rpl), r.ss = static_cast<u16>(kStack | rpl);
    got << letter(go(r));
    const bool refused = rpl < cpl || (conforming ? dpl > rpl : dpl != rpl);
    wanted << (refused ? 'g' : static_cast<char>('0' + rpl));
  }
  expect(Text(kNames[kind]) << (conforming ? " to conforming code" : " to code") << " at ring " << cpl, got, wanted);
}

// The stack of an outer ring: DPL by RPL, and its types.
void stacks(Kind kind, u32 ring) {
  Text got, wanted;
  set_target(kPlain, ring);
  Return r;
  r.kind = kind;
  r.cs = static_cast<u16>(kTarget | ring);
  for (u32 i = 0; i < 16; ++i) {
    const u32 dpl = i / 4, rpl = i % 4;
    set_stack(0x93, dpl);
    r.ss = static_cast<u16>(kStack | rpl);
    got << letter(go(r));
    wanted << (dpl == ring && rpl == ring ? static_cast<char>('0' + ring) : 's');
  }
  r.ss = static_cast<u16>(kStack | ring);
  for (u32 type = 0; type < 16; ++type) {
    set_stack(0x90 | type, ring);
    got << letter(go(r));
    wanted << (type < 8 && (type & 2) ? static_cast<char>('0' + ring) : 's');
  }
  set_stack(0x13, ring);
  got << letter(go(r));
  wanted << 'p';
  expect(Text(kNames[kind]) << " to the stack of ring " << ring, got, wanted);
}

void others(Kind kind) {
  const Text name = Text(kNames[kind]) << ' ';
  Return r;
  r.kind = kind;
  set_target(kPlain & 0x7f, 0);
  r.cs = kTarget;
  expect(Text(name) << "to code that is not present", Text() << letter(go(r)), "n");
  set_target(0x93, 0);
  expect(Text(name) << "to data", Text() << letter(go(r)), "g");
  gdt[kTarget >> 3] = descriptor(0, 0xff, kPlain, 4);
  expect(Text(name) << "beyond the limit", describe(go(r)), fault("#GP", 0));
  r.cs = 1;
  expect(Text(name) << "to a null selector", describe(go(r)), fault("#GP", 0));
  r.cs = 0xfff8;
  expect(Text(name) << "beyond the table", describe(go(r)), fault("#GP", 0xfff8));
  r.cs = kCode3;
  r.ss = 0;
  expect(Text(name) << "to a null stack", describe(go(r)), fault("#GP", 0));
  // Data segments that ring 3 may not keep become null; conforming code stays (SDM 2B, RET).
  gdt[kVisible >> 3] = descriptor(0, 0xfffff, kConforming, 0xc);
  r.ss = kData3;
  State s = state_at_ring(0);
  static u8 code[1];
  code[0] = kind == kReturn ? 0xcb : 0xcf;
  u32* words = reinterpret_cast<u32*>(s.esp - 64);
  s.esp -= 64;
  s.eip = reinterpret_cast<u32>(code);
  *words++ = reinterpret_cast<u32>(arrival);
  *words++ = kCode3;
  if (kind == kInterruptReturn) *words++ = 2;
  *words++ = reinterpret_cast<u32>(outer_stack + 16);
  *words++ = kData3;
  s.ds = kData0, s.es = kData3, s.fs = kVisible, s.gs = kData1 & ~3;
  asm volatile("" : : : "memory");
  const Trap t = run(s);
  expect(
      Text(name) << "to ring 3: ds es fs gs",
      ((((describe(t) << ' ').hex(t.at.ds, 4) << ' ').hex(t.at.es, 4) << ' ').hex(t.at.fs, 4) << ' ').hex(t.at.gs, 4),
      (((Text("done 0000 ").hex(kData3, 4) << ' ').hex(kVisible, 4)) << " 0000"));
}

// RETF n drops the parameters from both stacks.
void release() {
  Return r;
  r.cs = kCode3, r.ss = kData3;
  const Trap t = go(r, 12);
  expect("retf 12 to ring 3", (describe(t) << " esp + ") << t.at.esp - r.esp, "done esp + 12");
  r.cs = kCode0;
  const Trap same = go(r, 12);
  expect("retf 12 at ring 0", (describe(same) << " esp + ") << same.at.esp - (state_at_ring(0).esp - 64),
         "done esp + 20");
}

// Which flags IRET changes, by CPL and IOPL (SDM 2A, IRET).
void flags() {
  constexpr u32 kInterrupt = 1u << 9, kIopl = 3u << 12, kNt = 1u << 14, kAc = 1u << 18, kVif = 1u << 19,
                kVip = 1u << 20, kId = 1u << 21;
  constexpr u32 kAll = 0xcd5 | kInterrupt | kIopl | kAc | kVif | kVip | kId;
  out8(0x21, 0xff);  // no interrupt is to come while IF is set
  out8(0xa1, 0xff);
  for (u32 cpl = 0; cpl < 4; ++cpl) {
    for (u32 iopl = 0; iopl < 4; ++iopl) {
      set_target(kPlain, cpl);
      Return r;
      r.kind = kInterruptReturn;
      r.cpl = cpl, r.cs = static_cast<u16>(kTarget | cpl), r.ss = state_at_ring(cpl).ss;
      r.old_flags = 2 | iopl << 12;
      r.eflags = 2 | (kAll & ~kIopl) | (3 - iopl) << 12;
      const Trap t = go(r);
      u32 wanted = 2 | 0xcd5 | kAc | kId;
      wanted |= cpl == 0 ? kVif | kVip | (3 - iopl) << 12 : iopl << 12;
      if (cpl <= iopl) wanted |= kInterrupt;
      expect(((Text("iret's flags at ring ") << cpl) << " iopl ") << iopl,
             (describe(t) << ' ').hex(t.at.eflags & (kAll | kNt | 2)), Text("done ").hex(wanted));
    }
  }
}

}  // namespace

void guest_main() {
  for (const Kind kind : {kReturn, kInterruptReturn}) {
    for (const bool conforming : {false, true}) {
      for (u32 cpl = 0; cpl < 4; ++cpl) code_segments(kind, conforming, cpl);
    }
    for (u32 ring = 1; ring < 4; ++ring) stacks(kind, ring);
    others(kind);
  }
  release();
  flags();
}
