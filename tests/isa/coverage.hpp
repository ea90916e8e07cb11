// Which rows of the instruction table are compared with the host, and what of them the generator must know.
#pragma once

#include <initializer_list>
#include <span>

#include "isa/table.hpp"

namespace paemu::isa_test {
using namespace base;

// Why the rows of this mnemonic are not compared with the host; nullptr when they are.
const char* not_compared(const isa::Row& row);
// May it stand in a sequence: whole numbers, straight on, and with a result that is defined?
bool fits_sequence(const isa::Row& row);
// May it come about by bytes at random: nothing has to be prepared for it?
bool fits_bytes(const isa::Row& row, u8 opcode);
// Is this encoding, undefined here, one that the host may know?
bool defined_later(std::span<const u8> bytes);

bool named(const isa::Row& row, const char* mnemonic);
bool has_operand(const isa::Row& row, std::initializer_list<isa::Operand> kinds);
// Of the operand that may be memory; 16 when there is none.
u32 memory_size(const isa::Row& row);
// BT and its kin with a register that counts bits from the memory operand.
bool bit_string(const isa::Row& row);
// Takes a selector from its operand.
bool takes_selector(const isa::Row& row);
// Takes its target, flags or a selector from the stack.
bool takes_stack(const isa::Row& row);
// A string instruction that needs no port.
bool repeatable(const isa::Row& row);
// Shows the trap flag, by which the host runs one instruction.
bool shows_trap_flag(const isa::Row& row);

}  // namespace paemu::isa_test
