// The ACPI fixed hardware of the board (ACPI 6.x chapter 4.8): offsets in the PM block and bits. Includes nothing.
#pragma once

namespace abi::acpi {

// Offsets from port::kAcpiPmBase.
inline constexpr unsigned kPm1Status = 0x00;   // 16 bits, write one to clear
inline constexpr unsigned kPm1Enable = 0x02;   // 16 bits
inline constexpr unsigned kPm1Control = 0x04;  // 16 bits
inline constexpr unsigned kPmTimer = 0x08;     // 32 bits, 3.579545 MHz
inline constexpr unsigned kPmBlockLength = 0x40;

// PM1 status and enable bits (4.8.3.1).
inline constexpr unsigned kTimerStatus = 1u << 0;
inline constexpr unsigned kGlobalStatus = 1u << 5;
inline constexpr unsigned kPowerButton = 1u << 8;
inline constexpr unsigned kSleepButton = 1u << 9;
inline constexpr unsigned kRtcStatus = 1u << 10;
inline constexpr unsigned kWakeStatus = 1u << 15;

// PM1 control bits (4.8.3.2).
inline constexpr unsigned kSciEnable = 1u << 0;
inline constexpr unsigned kSleepTypeShift = 10;  // 3 bits
inline constexpr unsigned kSleepEnable = 1u << 13;
inline constexpr unsigned kSleepTypeS5 = 0;  // the value of \_S5 in the DSDT

inline constexpr unsigned kSmiCommandPort = 0xb2;
inline constexpr unsigned kAcpiEnableValue = 0xf1;
inline constexpr unsigned kAcpiDisableValue = 0xf0;

inline constexpr unsigned kPmTimerHz = 3579545;

// The HPET's low half of GCAP_ID, as the HPET table repeats it: vendor 8086, legacy replacement, 64-bit counter, three
// timers, revision 1.
inline constexpr unsigned kHpetBlockId = 0x8086a201;

// Bits of GPE0.
inline constexpr unsigned kGpeMemoryHotplug = 3;
inline constexpr unsigned kGpe0Length = 4;  // bytes: 2 of status, 2 of enable

}  // namespace abi::acpi
