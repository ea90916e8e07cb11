// Off and on again: S5 (ACPI 7.4.2, 16.1.7), the reset register (4.8.3.6).

#include "abi/acpi.hpp"
#include "acpi/acpi.hpp"
#include "acpi/system.hpp"
#include "arch/interrupts.hpp"
#include "arch/kmap.hpp"
#include "arch/time.hpp"
#include "base/port_io.hpp"
#include "lib/print.hpp"

namespace ido::acpi {

namespace {

// _PTS (5): the firmware prepares. Not from the depths of another evaluation.
void prepare_to_sleep(System& s) {
  Node* method = s.names.find("\\_PTS");
  if (method == nullptr || s.lock.held()) return;
  const Ref<Object> five = make_integer(5);
  (void)s.evaluate(*method, &five, 1);
}

}  // namespace

void power_off() {
  System* s = system();
  if (s != nullptr && s->can_power_off) {
    prepare_to_sleep(*s);
    print("acpi: power off\n");
    save_interrupts();
    const FixedHardware& f = s->tables.fixed();
    for (u32 i = 0; i < 2; ++i) {
      if (f.pm1_control[i] == 0) continue;
      const u16 kept = in16(f.pm1_control[i]) & abi::acpi::kSciEnable;
      out16(f.pm1_control[i],
            static_cast<u16>(kept | s->sleep_type[i] << abi::acpi::kSleepTypeShift | abi::acpi::kSleepEnable));
    }
    delay_ns(100'000'000);  // a machine may take a moment over it
  }
  print("power off: this machine has no way to switch itself off; it is safe to end it now\n");
  for (;;) asm volatile("cli; hlt");
}

void reset() {
  print("restarting\n");
  save_interrupts();
  if (System* s = system(); s != nullptr && s->tables.fixed().has_reset) {
    const FixedHardware& f = s->tables.fixed();
    if (f.reset_space == static_cast<u8>(Space::kIo)) {
      out8(static_cast<u16>(f.reset_address), f.reset_value);
    } else if (f.reset_space == static_cast<u8>(Space::kMemory)) {
      if (auto* p = static_cast<volatile u8*>(ioremap(f.reset_address, 1))) *p = f.reset_value;
    }
  }
  constexpr u16 kKeyboardCommand = 0x64;
  constexpr u8 kPulseReset = 0xfe;
  out8(kKeyboardCommand, kPulseReset);
  delay_ns(1'000'000);
  // An exception without an IDT: the processor gives up and the board resets it (SDM 3A, 6.15).
  const struct [[gnu::packed]] {
    u16 limit = 0;
    u32 base = 0;
  } nothing;
  asm volatile("lidt %0; int3" : : "m"(nothing));
  for (;;) asm volatile("cli; hlt");
}

}  // namespace ido::acpi
