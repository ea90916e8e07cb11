// Makes test cases from the instruction table: a row's encodings with prefixes in any order, in segments of all kinds,
// with registers and operands worth trying.
#pragma once

#include <span>
#include <vector>

#include "isa/table.hpp"
#include "processor_state.hpp"
#include "values.hpp"

namespace paemu::isa_test {

inline constexpr u8 kPrefixBytes[] = {0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};

struct Case {
  u8 bytes[256] = {};  // of one, they may come to more than 15: then #GP is right
  u32 length = 0;
  u32 code = 0;             // where they are: a linear address
  u32 count = 0;            // of instructions
  u8 modrm = 0;             // of the last one
  bool operand16 = false;   // its operand size
  bool sequence = false;    // of several, up to a breakpoint; else only what must run with the first follows it
  u32 flags_undefined = 0;  // after all of them
  u32 flags_unsure = 0;     // after any of them: when one faults
  Registers before;
  // Memory that is filled before the instruction, around its operand.
  u32 operand_address = 0, operand_size = 0;
  u8 operand[512] = {};
};

class Generator {
 public:
  // local_segments: cases may use the segments of the LDT.
  Generator(u64 seed, bool local_segments) : dice_(seed), local_segments_(local_segments) {}
  // Sequences have operands near one another, by registers, and at the alias of the data. Where their addresses come from
  // they fault in ways in which processors differ, so this is for the comparison of our own engines.
  void crowd_operands() { crowded_ = true; }
  // One instruction.
  Case make(const isa::Row& row);
  // Several that go straight on, from `rows`. They end a page: the interpreter makes one block of them.
  Case make_sequence(std::span<const isa::Row* const> rows, u32 count);
  // A repeated string instruction that runs to its end or its fault, a breakpoint behind it.
  Case make_repeated(const isa::Row& row);
  // Bytes at random after an opcode at random.
  Case make_bytes();

 private:
  void append(Case& c, const isa::Row& row);
  void segments(Case& c);
  void registers(Case& c);
  void flags(Case& c);
  void fpu(Case& c);
  void place(Case& c);
  void prefixes(Case& c, const isa::Row& row, bool memory);
  void modrm(Case& c, const isa::Row& row, bool memory);
  void memory_operand(Case& c, u8 reg, u32 target);
  void memory_operand16(Case& c, u8 reg, u32 target);
  void memory_operand32(Case& c, u8 reg, u32 target);
  void anchors(Case& c);
  void anchored_operand(Case& c, u8 reg);
  void immediates(Case& c, const isa::Row& row);
  void selectors(Case& c, const isa::Row& row);
  void far_pointer(u8* to, bool with_flags);
  void fill_stack(Case& c, const isa::Row& row);
  // The offset of a linear address in a segment, by its register's number.
  static u32 offset_in(const Case& c, u32 segment, u32 linear);
  u8 segment_for(bool stack_based) const;
  void put(Case& c, u8 byte) { c.bytes[c.length++] = byte; }
  void put(Case& c, u32 value, u32 size) {
    for (u32 n = 0; n < size; ++n) put(c, static_cast<u8>(value >> n * 8));
  }

  Dice dice_;
  Values values_{dice_};
  const bool local_segments_;
  // Of the instruction that is being made.
  bool operand16_ = false, address16_ = false;
  u8 override_ = isa::kNoSegment;
  bool sequence_ = false;  // memory operands at fixed addresses, as registers change on the way, or:
  // Registers of a sequence that point into the data, so that operands lie near each other as those of programs do; an
  // index that is small.
  u8 anchors_[3] = {}, small_index_ = 0;
  bool crowded_ = false, anchored_ = false;
};

}  // namespace paemu::isa_test
