// The kernel without ACPI: what boot and reboot(2) call, until the interpreter takes its place.
#include "abi/ports.hpp"
#include "acpi/acpi.hpp"
#include "arch/io.hpp"
#include "lib/print.hpp"

namespace ido::acpi {

[[gnu::weak]] void init() { print("ACPI: not built in\n"); }
[[gnu::weak]] void start() {}

[[gnu::weak]] void power_off() {
  print("power off: halting\n");
  for (;;) asm volatile("cli; hlt");
}

[[gnu::weak]] void reset() {
  out8(abi::port::kReset, 6);
  for (;;) asm volatile("cli; hlt");
}

}  // namespace ido::acpi
