// ACPI: tables, namespace and events, as the rest of the kernel sees them.
//
// Order at boot: init() once mm can allocate and ioremap; start() once kernel threads run and interrupts are on.
// Without usable tables both say so in one line, and the kernel goes on without hotplug and power button.
#pragma once

#include "lib/errno.hpp"

namespace ido::acpi {

// Finds the RSDP, maps and checks the tables, loads DSDT and SSDTs into the namespace.
void init();

// Enables ACPI mode, takes the SCI, starts the event thread ("kacpi"), and adds the memory devices that are already
// present in slots.
void start();

// Runs on the event thread when the power button is pressed. Default: power_off().
void on_power_button(void (*handler)());

// Enters S5; when there is no ACPI or it does not work, falls back on halting for ever.
[[noreturn]] void power_off();

// By the FADT's reset register, else the keyboard controller, else a triple fault.
[[noreturn]] void reset();

}  // namespace ido::acpi
