// Makes test cases from the instruction table: a row's encodings, with registers and operands worth trying.
#pragma once

#include <span>

#include "isa/table.hpp"
#include "processor_state.hpp"

namespace paemu::isa_test {

// Numbers by splitmix64: the same on every host.
class Dice {
 public:
  explicit Dice(u64 seed) : state_(seed) {}
  u64 next() {
    u64 z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  u32 below(u32 n) { return static_cast<u32>(next() % n); }
  bool one_in(u32 n) { return below(n) == 0; }

 private:
  u64 state_;
};

struct Case {
  u8 bytes[256] = {};  // of one, they may come to more than 15: then #GP is right
  u32 length = 0;
  u32 count = 0;            // of instructions
  u32 flags_undefined = 0;  // after all of them
  u32 flags_unsure = 0;     // after any of them: when one faults
  Registers before;
  // Memory that is filled before the instruction, around its operand.
  u32 operand_address = 0, operand_size = 0;
  u8 operand[512] = {};
};

// Why the rows of this mnemonic are not compared with the host; nullptr when they are.
const char* not_compared(const isa::Row& row);
// May it stand in a sequence: whole numbers, straight on, and with a result that is defined?
bool fits_sequence(const isa::Row& row);

class Generator {
 public:
  explicit Generator(u64 seed) : dice_(seed) {}
  // One instruction.
  Case make(const isa::Row& row);
  // Several that go straight on, from `rows`. They end a page: the interpreter makes one block of them.
  Case make_sequence(std::span<const isa::Row* const> rows, u32 count);

 private:
  void append(Case& c, const isa::Row& row);
  void registers(Case& c);
  void fpu(Case& c);
  void prefixes(Case& c, const isa::Row& row, bool memory);
  void modrm(Case& c, const isa::Row& row, bool memory, bool address16);
  void memory_operand(Case& c, u8 reg, bool address16, u32 target);
  void immediates(Case& c, const isa::Row& row, bool operand16, bool address16);
  u32 value();
  u32 target(u32 size);
  void numbers(u8* to, u32 size);
  void extended(u8* to);
  void put(Case& c, u8 byte) { c.bytes[c.length++] = byte; }
  void put(Case& c, u32 value, u32 size) {
    for (u32 n = 0; n < size; ++n) put(c, static_cast<u8>(value >> n * 8));
  }

  Dice dice_;
  bool operand16_ = false, address16_ = false;
  bool sequence_ = false;  // memory operands at fixed addresses, as registers change on the way
};

}  // namespace paemu::isa_test
