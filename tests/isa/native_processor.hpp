// The host's processor as reference: runs one instruction in 32-bit compatibility mode.
//
// Flat 32-bit code reaches the first 4 GiB only, where a position-independent program has nothing but what this class
// maps there. So whatever the instruction does, it does no harm; system calls aside, which the caller must not run.
#pragma once

#include <span>
#include <string>

#include "processor_state.hpp"

namespace paemu::isa_test {

class NativeProcessor {
 public:
  NativeProcessor();

  // Why this host cannot do it; empty when it can.
  const std::string& unavailable() const { return unavailable_; }

  // Runs instructions from registers.eip on, and takes the registers after them. With kTrapFlag one instruction, of a
  // repeated string instruction one iteration; else up to an INT3, whose address is then EIP.
  enum class Stop : u8 { kTrapFlag, kBreakpoint };
  Exception run(Registers& registers, Stop stop = Stop::kTrapFlag);

  void write(u32 address, std::span<const u8> bytes);
  const u8* data() const;  // layout::kAllData bytes from layout::kData

 private:
  std::string unavailable_;
};

}  // namespace paemu::isa_test
