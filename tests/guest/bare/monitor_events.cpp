// NMI and machine checks that come by the monitor (monitor_events_test.py): asks for each by a line that begins with
// "send"; where that is to be without an event, a character on COM1 follows ("send and type").
#include "frame.hpp"

using namespace bare;

namespace {

constexpr u32 kGlobalCap = 0x179, kGlobalStatus = 0x17a, kGlobalControl = 0x17b;
constexpr u32 control(u32 bank) { return 0x400 + 4 * bank; }
constexpr u32 status(u32 bank) { return 0x401 + 4 * bank; }
constexpr u32 kMce = 1u << 6;  // CR4

Text value(u32 msr) { return Text().hex(read_msr(msr), 16); }
Text writing(u32 msr, u64 v) {
  return describe(attempt([=] { write_msr(msr, v); }));
}

// Waits for a trap, asleep with interrupts off.
Trap sleep() {
  return attempt([] {
    for (;;) asm volatile("hlt");
  });
}
// Waits for a character, awake.
void wait_for_character() {
  while (!(in8(0x3fd) & 1)) {
  }
  (void)in8(0x3f8);
}

void registers() {
  // SDM 3B, 15.3.1: five banks, IA32_MCG_CTL present.
  expect("mcg_cap", value(kGlobalCap), "0000000000000105");
  expect("writing mcg_cap", writing(kGlobalCap, 0), fault("#GP", 0));
  expect("writing a reserved bit of mcg_status", writing(kGlobalStatus, 8), fault("#GP", 0));
  expect("writing mcg_ctl", writing(kGlobalControl, ~u64{0}), "done");
  for (u32 bank = 0; bank < 5; ++bank) {
    write_msr(control(bank), ~u64{0});
    expect(Text("clearing bank ") << bank, writing(status(bank), 0) << ' ' << value(status(bank)),
           "done 0000000000000000");
    expect(Text("writing ones to the status of bank ") << bank, writing(status(bank), 1), fault("#GP", 0));
  }
  expect("a sixth bank", describe(attempt([] { (void)read_msr(status(5)); })), fault("#GP", 0));
}

void events() {
  at<u32>(0xfee000f0) = 0x1ff;  // the APIC is on, LINT1 is NMI (SDM 3A, 10.5.1)
  at<u32>(0xfee00360) = 0x400;
  say("send nmi");
  expect("nmi of the monitor wakes from hlt", describe(sleep()), "NMI");

  // A corrected error is noted and nothing else happens; a second one takes its place (15.3.2.2.1).
  say("send and type mce 0 2 0x8000000000000001 0 0x1000 7");
  wait_for_character();
  expect("corrected error in bank 2", value(status(2)), "8000000000000001");
  say("send and type mce 0 2 0x8000000000000002 0 0x2000 8");
  wait_for_character();
  expect("another in bank 2", value(status(2)) << ' ' << value(status(2) + 1), "c000000000000002 0000000000002000");

  // An uncorrected one is a machine check.
  write_cr4(read_cr4() | kMce);
  say("send mce 0 1 0xb400000000000175 1 0x12345000 9");
  const Trap t = sleep();
  expect("machine check", describe(t) << ' ' << value(kGlobalStatus) << ' ' << value(status(1)),
         "#MC 0000000000000005 b400000000000175");
  expect("its address and misc", value(status(1) + 1) << ' ' << value(status(1) + 2),
         "0000000012345000 0000000000000009");
  write_msr(kGlobalStatus, 0);
  // It keeps its place against the next, which is only counted.
  say("send mce 0 1 0xb000000000000999 1 0 0");
  expect("another while it is held", describe(sleep()) << ' ' << value(status(1)), "#MC f400000000000175");
  write_msr(kGlobalStatus, 0);
  write_msr(status(1), 0);
  expect("bank 1 cleared", value(status(1)), "0000000000000000");
  // A bank that is not enabled notes it in silence.
  write_msr(control(3), 0);
  say("send and type mce 0 3 0xb000000000000003 1 0 0");
  wait_for_character();
  expect("uncorrected error in a bank that is off", value(status(3)) << ' ' << value(kGlobalStatus),
         "b000000000000003 0000000000000000");
  // With CR4.MCE clear the processor shuts down (SDM 3A, 6.15, interrupt 18).
  write_cr4(read_cr4() & ~kMce);
  say("send mce 0 0 0xb000000000000001 1 0 0");
  (void)sleep();
  expect("machine check without cr4.mce", "went on", "shutdown");
}

}  // namespace

void guest_main() {
  registers();
  events();
}
