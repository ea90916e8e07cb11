// Far CALL and JMP: to code segments and through call gates of both sizes, at every combination of CPL, RPL, gate DPL
// and target DPL, and what a new stack must be like (SDM 2A, CALL; 3A, 5.8).
//
// A line of letters is one CPL: the ring where the transfer arrived, g and t: #GP with the gate's or the target's
// selector, n and m: #NP with them, '?': anything else, a wrong stack among it.
#include <initializer_list>

#include "frame.hpp"

using namespace bare;

namespace {

constexpr u16 kGate = kFreeSelectors, kTarget = kFreeSelectors + 8, kStack = kFreeSelectors + 16;
constexpr u32 kImage = 0x10000;  // base of the target segment, so that a 16-bit offset reaches into the image
constexpr u8 kConforming = 0x9f, kPlain = 0x9b, kGate32 = 0x8c, kGate16 = 0x84;

const u8 arrival[] = {0xcd, kDone};
struct [[gnu::packed]] FarTransfer {
  u8 opcode = 0x9a;
  u32 offset = 0;
  u16 selector = 0;
} transfer;

u32 arrival_offset() { return reinterpret_cast<u32>(arrival) - kImage; }
void set_target(u32 access, u32 dpl, u32 limit = 0xfffff) {
  gdt[kTarget >> 3] = descriptor(kImage, limit, access | dpl << 5, 0xc);
}
void set_gate(u32 access, u32 dpl, u32 parameters = 0) {
  gdt[kGate >> 3] = gate(kTarget, arrival_offset(), access | dpl << 5, parameters);
}

enum Kind : u8 { kCall = 0x9a, kJump = 0xea };

Trap go(Kind kind, u16 selector, u32 cpl) {
  transfer = {kind, arrival_offset(), selector};
  asm volatile("" : : : "memory");
  State s = state_at_ring(cpl);
  s.esp -= 128;  // room for parameters above
  for (u32 i = 0; i < 32; ++i) at<u32>(s.esp + 4 * i) = 0x11110000 * (i & 1) + i;
  s.eip = reinterpret_cast<u32>(&transfer);
  return run(s);
}

u32 stack_of(u32 ring) { return ring == 0 ? tss.esp0 : ring == 1 ? tss.esp1 : tss.esp2; }
u32 word(u32 place, u32 width) { return width == 4 ? u32{at<u32>(place)} : u32{at<u16>(place)}; }

// Is on the arrival's stack what CALL pushes? width: 2 or 4.
bool frame_right(const Trap& t, Kind kind, u32 cpl, u32 width, u32 parameters) {
  const u32 ring = t.at.cs & 3, old_esp = state_at_ring(cpl).esp - 128, sp = t.at.esp;
  if (kind == kJump) return sp == old_esp && t.at.ss == state_at_ring(cpl).ss;
  const u32 mask = width == 4 ? ~0u : 0xffff;
  const u32 back = (reinterpret_cast<u32>(&transfer) + sizeof transfer) & mask;
  if (word(sp, width) != back || word(sp + width, width) != state_at_ring(cpl).cs) return false;
  if (ring == cpl) return sp == old_esp - 2 * width;
  for (u32 i = 0; i < parameters; ++i) {
    if (word(sp + (2 + i) * width, width) != word(old_esp + i * width, width)) return false;
  }
  const u32 above = sp + (2 + parameters) * width;
  return above + 2 * width == stack_of(ring) && word(above, width) == (old_esp & mask) &&
         word(above + width, width) == state_at_ring(cpl).ss && (t.at.ss & 3) == ring;
}

char letter(const Trap& t, Kind kind, u32 cpl, u32 width, u32 parameters = 0) {
  if (t.done()) {
    return frame_right(t, kind, cpl, width, parameters) ? static_cast<char>('0' + (t.at.cs & 3)) : '?';
  }
  const bool of_gate = t.error == kGate, of_target = t.error == kTarget;
  if (t.vector == 13) return of_gate ? 'g' : of_target ? 't' : '?';
  if (t.vector == 11) return of_gate ? 'n' : of_target ? 'm' : '?';
  return '?';
}

Text line_name(Kind kind, const char* what, bool conforming, u32 cpl) {
  return Text(kind == kCall ? "call " : "jump ") << what << (conforming ? " conforming" : "") << " at ring " << cpl;
}

// Straight to a code segment: DPL by RPL.
void direct(Kind kind, bool conforming, u32 cpl) {
  Text got, wanted;
  for (u32 i = 0; i < 16; ++i) {
    const u32 dpl = i / 4, rpl = i % 4;
    set_target(conforming ? kConforming : kPlain, dpl);
    got << letter(go(kind, static_cast<u16>(kTarget | rpl), cpl), kind, cpl, 4);
    const bool refused = conforming ? dpl > cpl : rpl > cpl || dpl != cpl;
    wanted << (refused ? 't' : static_cast<char>('0' + cpl));
  }
  expect(line_name(kind, "code", conforming, cpl), got, wanted);
}

// Through a gate: its DPL by RPL by the target's DPL.
void gated(Kind kind, u32 size, bool conforming, u32 cpl) {
  Text got, wanted;
  for (u32 i = 0; i < 64; ++i) {
    const u32 gate_dpl = i / 16, rpl = i / 4 % 4, dpl = i % 4;
    set_target(conforming ? kConforming : kPlain, dpl);
    set_gate(size == 4 ? kGate32 : kGate16, gate_dpl, 3);
    got << letter(go(kind, static_cast<u16>(kGate | rpl), cpl), kind, cpl, size, 3);
    char c = static_cast<char>('0' + (conforming ? cpl : dpl));
    if (gate_dpl < cpl || gate_dpl < rpl)
      c = 'g';
    else if (dpl > cpl || (kind == kJump && !conforming && dpl != cpl))
      c = 't';
    wanted << c;
  }
  expect(line_name(kind, size == 4 ? "32-bit gate" : "16-bit gate", conforming, cpl), got, wanted);
}

void matrix() {
  for (const Kind kind : {kCall, kJump}) {
    for (const bool conforming : {false, true}) {
      for (u32 cpl = 0; cpl < 4; ++cpl) {
        direct(kind, conforming, cpl);
        gated(kind, 4, conforming, cpl);
        gated(kind, 2, conforming, cpl);
      }
    }
  }
}

// What is checked after the privileges, in the manual's order.
void targets() {
  const auto through = [](u32 gate_access, u64 target) {
    set_gate(gate_access, 3);
    gdt[kTarget >> 3] = target;
    return describe(go(kCall, kGate | 3, 3));
  };
  const u64 good = descriptor(kImage, 0xfffff, kPlain, 0xc);
  expect("gate not present", through(kGate32 & 0x7f, good), fault("#NP", kGate));
  expect("target not present", through(kGate32, descriptor(kImage, 0xfffff, kPlain & 0x7f, 0xc)),
         fault("#NP", kTarget));
  expect("target is data", through(kGate32, descriptor(kImage, 0xfffff, 0x93, 0xc)), fault("#GP", kTarget));
  expect("target is a gate", through(kGate32, gate(kTarget, 0, kGate32)), fault("#GP", kTarget));
  expect("target ends before the offset", through(kGate32, descriptor(kImage, 0, kPlain, 0x4)), fault("#GP", 0));
  gdt[kTarget >> 3] = good;
  gdt[kGate >> 3] = gate(3, arrival_offset(), kGate32 | 0x60);
  expect("gate with a null selector", describe(go(kCall, kGate, 3)), fault("#GP", 0));
  gdt[kGate >> 3] = gate(0xfff8, arrival_offset(), kGate32 | 0x60);
  expect("gate with a selector beyond the table", describe(go(kCall, kGate, 3)), fault("#GP", 0xfff8));
  expect("null selector", describe(go(kCall, 2, 0)), fault("#GP", 0));
  expect("beyond the table", describe(go(kCall, 0xfff8, 0)), fault("#GP", 0xfff8));
  set_target(0x93, 0);
  expect("data segment", describe(go(kCall, kTarget, 0)), fault("#GP", kTarget));
  set_target(kPlain & 0x7f, 0);
  expect("code not present", describe(go(kCall, kTarget, 0)), fault("#NP", kTarget));
  for (const u32 type : {0u, 2u, 3u, 6u, 7u, 8u, 10u, 11u, 13u, 14u, 15u}) {
    gdt[kGate >> 3] = gate(kTarget, arrival_offset(), 0x80 | type);
    expect(Text("system descriptor of type ").hex(type, 1), describe(go(kCall, kGate, 0)), fault("#GP", kGate));
  }
}

// The new stack, from the TSS (SDM 2A, CALL: #TS and #SS).
void stacks() {
  set_gate(kGate32, 3, 2);
  set_target(kPlain, 1);
  const u32 ss = tss.ss1, esp = tss.esp1;
  const auto with = [&](u16 selector, u64 d) {
    gdt[kStack >> 3] = d;
    tss.ss1 = selector;
    return describe(go(kCall, kGate, 3));
  };
  constexpr u16 kStack1 = kStack | 1;
  const auto data = [](u32 access, u32 limit = 0xfffff, u32 flags = 0xc) {
    return descriptor(0, limit, access, flags);
  };
  expect("new ss fits", with(kStack1, data(0xb3)), "done");
  expect("new ss is null", with(0, 0), fault("#TS", 0));
  expect("new ss is beyond the table", with(0xfff9, 0), fault("#TS", 0xfff8));
  expect("new ss has a wrong rpl", with(kStack | 2, data(0xb3)), fault("#TS", kStack));
  expect("new ss has a wrong dpl", with(kStack1, data(0xd3)), fault("#TS", kStack));
  expect("new ss is read-only", with(kStack1, data(0xb1)), fault("#TS", kStack));
  expect("new ss is code", with(kStack1, data(0xbb)), fault("#TS", kStack));
  expect("new ss is not present", with(kStack1, data(0x33)), fault("#SS", kStack));
  // Six dwords are pushed.
  expect("new ss has room for five", with(kStack1, data(0xb7, esp - 21, 4)), fault("#SS", kStack));
  expect("new ss has room for six", with(kStack1, data(0xb7, esp - 25, 4)), "done");
  set_target(kPlain, 1, 0);
  gdt[kTarget >> 3] &= ~(u64{8} << 52);
  expect("room and target's limit: #SS is first", with(kStack1, data(0xb7, esp - 21, 4)), fault("#SS", kStack));
  tss.ss1 = ss;
  // The TSS must hold the pointer.
  set_target(kPlain, 2);
  const u64 whole = gdt[kTaskSelector >> 3];
  const auto with_limit = [&](u32 limit) {
    gdt[kTaskSelector >> 3] = descriptor(reinterpret_cast<u32>(&tss), limit, 0x89, 0);
    asm volatile("ltr %w0" : : "r"(u32{kTaskSelector}));
    return describe(go(kCall, kGate, 3));
  };
  expect("tss ends behind ss2", with_limit(0x19), "done");
  expect("tss ends within ss2", with_limit(0x18), fault("#TS", kTaskSelector));
  gdt[kTaskSelector >> 3] = whole & ~(u64{2} << 40);
  asm volatile("ltr %w0" : : "r"(u32{kTaskSelector}));
}

void parameters() {
  set_target(kPlain, 0);
  for (const u32 count : {0u, 1u, 5u, 31u}) {
    for (const u32 size : {4u, 2u}) {
      set_gate(size == 4 ? kGate32 : kGate16, 3, count);
      expect((Text() << count << " parameters of ") << 8 * size << " bits",
             Text() << letter(go(kCall, kGate, 3), kCall, 3, size, count), "0");
    }
  }
}

}  // namespace

void guest_main() {
  matrix();
  targets();
  stacks();
  parameters();
}
