// Compares what an instruction did on the two processors, and knows where they rightly differ.
#pragma once

#include <span>
#include <string>

#include "generator.hpp"

namespace paemu::isa_test {

struct Outcomes {
  const isa::Row& row;  // of the last instruction
  const Case& test;
  const Registers& emulated;
  const Registers& native;
  const Exception& emulated_exception;
  const Exception& native_exception;
  std::span<u8> emulated_data;
  std::span<const u8> native_data;
};

// What differs, in a line; empty when nothing does that should not.
std::string compare(const Outcomes& outcomes);

}  // namespace paemu::isa_test
