// Decoder: bytes to Insn, by the instruction table.
//
// Knows nothing of memory: the caller gathers the bytes, across a page boundary when there is one.
#pragma once

#include <span>
#include <string>

#include "isa/insn.hpp"
#include "isa/table.hpp"

namespace paemu::isa {

inline constexpr u32 kMaxLength = 15;

enum class DecodeStatus : u8 {
  kOk,
  kUndefined,  // no row has it, or LOCK is not legal: #UD
  kTooLong,    // more than 15 bytes: #GP(0)
  kTruncated,  // `bytes` ended too early
};

enum class CodeSize : u8 { k16, k32 };  // CS.D

// Fills `out` when kOk. Otherwise `out.length` is the number of bytes looked at.
DecodeStatus decode(std::span<const u8> bytes, CodeSize size, Insn& out);

inline const Row& row_of(const Insn& i) { return rows()[i.row]; }

// The mnemonic with its condition: "jne", "cmovb"; else the row's.
std::string mnemonic(const Insn& i);

}  // namespace paemu::isa
