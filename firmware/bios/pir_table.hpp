// "$PIR": for systems that route PCI interrupts themselves, without ACPI and without an I/O APIC.
#pragma once

namespace firmware {

void install_pir_table();

}  // namespace firmware
