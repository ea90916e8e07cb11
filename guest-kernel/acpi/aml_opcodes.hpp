// Opcodes of AML (ACPI 20.3), those that have names in the grammar's terms.
#pragma once

#include "base/types.hpp"

namespace ido::acpi::op {
using namespace base;

inline constexpr u8 kZero = 0x00, kOne = 0x01, kAlias = 0x06, kName = 0x08, kByte = 0x0a, kWord = 0x0b, kDword = 0x0c,
                    kString = 0x0d, kQword = 0x0e, kScope = 0x10, kBuffer = 0x11, kPackage = 0x12, kVarPackage = 0x13,
                    kMethod = 0x14, kExternal = 0x15, kDualName = 0x2e, kMultiName = 0x2f, kExtended = 0x5b,
                    kLocal0 = 0x60, kLocal7 = 0x67, kArg0 = 0x68, kArg6 = 0x6e, kStore = 0x70, kRefOf = 0x71,
                    kAdd = 0x72, kConcat = 0x73, kSubtract = 0x74, kIncrement = 0x75, kDecrement = 0x76,
                    kMultiply = 0x77, kDivide = 0x78, kShiftLeft = 0x79, kShiftRight = 0x7a, kAnd = 0x7b, kNand = 0x7c,
                    kOr = 0x7d, kNor = 0x7e, kXor = 0x7f, kNot = 0x80, kFindSetLeft = 0x81, kFindSetRight = 0x82,
                    kDerefOf = 0x83, kConcatRes = 0x84, kMod = 0x85, kNotify = 0x86, kSizeOf = 0x87, kIndex = 0x88,
                    kMatch = 0x89, kCreateDword = 0x8a, kCreateWord = 0x8b, kCreateByte = 0x8c, kCreateBit = 0x8d,
                    kObjectType = 0x8e, kCreateQword = 0x8f, kLAnd = 0x90, kLOr = 0x91, kLNot = 0x92, kLEqual = 0x93,
                    kLGreater = 0x94, kLLess = 0x95, kToBuffer = 0x96, kToDecimal = 0x97, kToHex = 0x98,
                    kToInteger = 0x99, kToString = 0x9c, kCopyObject = 0x9d, kMid = 0x9e, kContinue = 0x9f, kIf = 0xa0,
                    kElse = 0xa1, kWhile = 0xa2, kNoop = 0xa3, kReturn = 0xa4, kBreak = 0xa5, kBreakPoint = 0xcc,
                    kOnes = 0xff, kNullName = 0x00;

// Behind kExtended.
namespace ext {
inline constexpr u8 kMutex = 0x01, kEvent = 0x02, kCondRefOf = 0x12, kCreateField = 0x13, kStall = 0x21, kSleep = 0x22,
                    kAcquire = 0x23, kSignal = 0x24, kWait = 0x25, kReset = 0x26, kRelease = 0x27, kFromBcd = 0x28,
                    kToBcd = 0x29, kRevision = 0x30, kDebug = 0x31, kFatal = 0x32, kTimer = 0x33, kRegion = 0x80,
                    kField = 0x81, kDevice = 0x82, kProcessor = 0x83, kPowerResource = 0x84, kThermalZone = 0x85,
                    kIndexField = 0x86, kBankField = 0x87;
}  // namespace ext

// A name begins with a letter, an underscore or a prefix (20.2.2).
constexpr bool starts_name(u8 c) {
  return (c >= 'A' && c <= 'Z') || c == '_' || c == '\\' || c == '^' || c == kDualName || c == kMultiName;
}

}  // namespace ido::acpi::op
