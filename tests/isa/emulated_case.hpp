// One instruction on the emulated processor alone, for tests that know the answer without a host.
#pragma once

#include <vector>

#include "emulated_processor.hpp"
#include "isa/insn.hpp"
#include "segments.hpp"

namespace paemu::isa_test {

// Registers for code at `linear`: flat segments, a stack in the data.
inline Registers flat_registers(u32 linear = layout::kCode) {
  Registers r;
  r.gpr[isa::kEsp] = layout::kData + 0x1000;
  r.eip = linear;
  for (u16& selector : r.selector) selector = kUserData;
  r.selector[isa::kCs] = kUserCode;
  return r;
}

inline Exception run_at(EmulatedProcessor& processor, u32 linear, const std::vector<u8>& bytes, Registers& registers) {
  processor.write(linear, bytes);
  return processor.run(registers);
}

}  // namespace paemu::isa_test
