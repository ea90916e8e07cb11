// The MP table: processors, I/O APIC and who interrupts whom, for systems without ACPI (Intel MultiProcessor
// Specification 1.4, chapter 4).
#pragma once

namespace firmware {

// Into the table area. After PCI interrupts are routed.
void install_mp_table();

}  // namespace firmware
