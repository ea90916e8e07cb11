// The Bochs display interface (VBE_DISPI): an index and a data port of 16 bits each, as QEMU documents it in
// docs/specs/standard-vga. Includes nothing.
#pragma once

namespace abi::dispi {

inline constexpr unsigned short kIndexPort = 0x1ce, kDataPort = 0x1cf;

// Indices.
inline constexpr unsigned short kId = 0, kWidth = 1, kHeight = 2, kDepth = 3, kEnable = 4, kBank = 5, kVirtualWidth = 6,
                                kVirtualHeight = 7, kX = 8, kY = 9, kMemory64k = 10, kCount = 11;

inline constexpr unsigned short kFirstId = 0xb0c0, kLastId = 0xb0c5;

// Of kEnable.
inline constexpr unsigned short kEnabled = 0x01, kGetLimits = 0x02, kDac8 = 0x20, kLinear = 0x40, kKeepMemory = 0x80;

inline constexpr unsigned short kMostWidth = 2560, kMostHeight = 1600, kMostDepth = 32;

}  // namespace abi::dispi
