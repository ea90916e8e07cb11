// The I/O ports of the board: where emulator, firmware and guest kernel find each chip. Includes nothing.
#pragma once

namespace abi::port {

inline constexpr unsigned kPic1 = 0x20;              // 8259A master: 0x20-0x21
inline constexpr unsigned kPic2 = 0xa0;              // 8259A slave: 0xa0-0xa1
inline constexpr unsigned kPicElcr = 0x4d0;          // edge/level control: 0x4d0-0x4d1
inline constexpr unsigned kPit = 0x40;               // 8254: 0x40-0x43
inline constexpr unsigned kSystemControlB = 0x61;    // NMI status, PIT gate 2 and speaker
inline constexpr unsigned kRtc = 0x70;               // MC146818: index 0x70, data 0x71
inline constexpr unsigned kPost = 0x80;              // POST code latch
inline constexpr unsigned kSystemControlA = 0x92;    // A20 gate and fast reset
inline constexpr unsigned kCoprocessorError = 0xf0;  // a write lowers IRQ 13 and asserts IGNNE#
inline constexpr unsigned kE9 = 0xe9;                // debug console, one byte a write
inline constexpr unsigned kDma1 = 0x00;              // 8237A, channels 0 to 3: 0x00-0x0f
inline constexpr unsigned kDma2 = 0xc0;              // channels 4 to 7: 0xc0-0xdf
inline constexpr unsigned kDmaPages = 0x81;          // page registers: 0x81-0x8f
inline constexpr unsigned kFloppy = 0x3f0;           // 82077AA: 0x3f0-0x3f5
inline constexpr unsigned kFloppyChange = 0x3f7;     // disk change, data rate
inline constexpr unsigned kIde2 = 0x170;             // IDE, secondary channel: 0x170-0x177
inline constexpr unsigned kIde1 = 0x1f0;             // primary: 0x1f0-0x1f7
inline constexpr unsigned kIde2Control = 0x376;      // device control, alternate status
inline constexpr unsigned kIde1Control = 0x3f6;
inline constexpr unsigned kCom1 = 0x3f8;              // 16550: 0x3f8-0x3ff
inline constexpr unsigned kCom2 = 0x2f8;              // 16550: 0x2f8-0x2ff
inline constexpr unsigned kFwCfgSelector = 0x510;     // 16-bit selector
inline constexpr unsigned kFwCfgData = 0x511;         // data, a byte a read
inline constexpr unsigned kFwCfgDma = 0x514;          // address of a DMA request, 8 bytes, big-endian
inline constexpr unsigned kDebugExit = 0x501;         // a write of v ends the emulator with (v << 1) | 1; -device isa-debug-exit moves it
inline constexpr unsigned kAcpiPmBase = 0x600;        // PM1a event block, see acpi.hpp; where the firmware puts it
inline constexpr unsigned kSmbusBase = 0x700;         // where the firmware puts the SMBus: 0x700-0x70f
inline constexpr unsigned kMemoryHotplug = 0xa00;     // see memory_hotplug.hpp: 0xa00-0xa17
inline constexpr unsigned kPciConfigAddress = 0xcf8;  // a dword
inline constexpr unsigned kPciConfigData = 0xcfc;     // 0xcfc-0xcff
inline constexpr unsigned kReset = 0xcf9;             // reset control register
inline constexpr unsigned kGpe0 = 0xafe0;             // GPE0 block: status 0xafe0-0xafe1, enable 0xafe2-0xafe3

}  // namespace abi::port

namespace abi::irq {

inline constexpr unsigned kPit = 0;
inline constexpr unsigned kCom2 = 3;
inline constexpr unsigned kCom1 = 4;
inline constexpr unsigned kRtc = 8;
inline constexpr unsigned kSci = 9;  // ACPI system control interrupt: level, active high at the PIC
inline constexpr unsigned kFloppy = 6;
inline constexpr unsigned kIde1 = 14, kIde2 = 15;
inline constexpr unsigned kCoprocessor = 13;  // an x87 exception with CR0.NE clear

}  // namespace abi::irq
