// The frame itself: traps from every ring and from virtual-8086 mode come back with the state that they left.
#include "frame.hpp"

using namespace bare;

namespace {

// In the image, so below 1 MiB: HLT, which virtual-8086 mode and rings above 0 may not do.
const u8 halt[] = {0xf4, 0xf4};

void rings() {
  for (u32 ring = 0; ring < 4; ++ring) {
    u32 seen = 4;
    const Trap done = call_at_ring(ring, [&] {
      u32 selector;
      asm("mov %%cs, %0" : "=r"(selector));
      seen = selector & 3;
    });
    expect(Text("call at ring ") << ring, describe(done) << " at ring " << seen, Text("done at ring ") << ring);
  }
}

void states() {
  State s = state_at_ring(3);
  s.eip = reinterpret_cast<u32>(halt);
  s.ebx = 0x12345678;
  s.gs = kData3;
  const Trap t = run(s);
  // HLT at CPL 3: #GP(0) (SDM 2A, HLT).
  expect("halt at ring 3", (describe(t) << " ebx ").hex(t.at.ebx) << " gs " << u32{t.at.gs},
         Text("#GP(0000) ebx 12345678 gs ") << u32{kData3});
  expect("its eip and esp", (t.at.eip == s.eip && t.at.esp == s.esp) ? "as they were" : "changed", "as they were");

  State v;
  v.eflags = 0x20002;
  v.cs = v.ds = v.ss = static_cast<u16>(reinterpret_cast<u32>(halt) >> 4);
  v.es = 0x1234;
  v.eip = reinterpret_cast<u32>(halt) & 15;
  v.esp = 0x8000;
  const Trap w = run(v);
  // HLT in virtual-8086 mode, which is at CPL 3: #GP(0).
  expect("halt in virtual-8086 mode", (describe(w) << " es ").hex(w.at.es, 4), "#GP(0000) es 1234");
}

void traps() {
  // SDM 3A, 6.15: #UD, #DE, #BP, #GP with the selector as its error code.
  expect("ud2", describe(attempt([] { asm volatile("ud2"); })), fault("#UD"));
  expect("divide by zero", describe(attempt([] { asm volatile("div %b0" : : "q"(0), "a"(1)); })), fault("#DE"));
  expect("int3", describe(attempt([] { asm volatile("int3"); })), fault("#BP"));
  expect("selector beyond the table", describe(attempt([] { asm volatile("mov %0, %%es"
                                                                         :
                                                                         : "r"(0xfff0)); })),
         fault("#GP", 0xfff0));
  Trap inner;
  const Trap outer = attempt([&] { inner = attempt([] { asm volatile("ud2"); }); });
  expect("nested", describe(inner) << ", " << describe(outer), "#UD, done");
}

}  // namespace

void guest_main() {
  rings();
  states();
  traps();
}
