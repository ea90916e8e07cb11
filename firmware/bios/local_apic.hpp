// The local APIC of the processor that runs this (SDM 3A, chapter 11).
#pragma once

#include "base/types.hpp"

namespace firmware {
using namespace base;

bool has_local_apic();
u32 local_apic_id();

// The interrupts as BIOSes leave them: the 8259A's requests come through the local APIC of the processor that boots,
// "virtual wire" (Intel MultiProcessor Specification 1.4, 3.6.2.2), NMIs to all.
void init_local_apic(bool boots);

// To all but this one. what: delivery mode and vector as in the ICR.
inline constexpr u32 kInitIpi = 0x500, kStartUpIpi = 0x600;
void send_to_others(u32 what);

}  // namespace firmware
