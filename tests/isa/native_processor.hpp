// The host's processor as reference: runs one instruction in 32-bit compatibility mode, in any segment of segments.hpp.
//
// 32-bit code reaches the first 4 GiB only, where a position-independent program has nothing but what this class maps
// there, and a seccomp filter turns its system calls into signals. So whatever the instruction does, it does no harm.
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
  // Whether it gives the segments of the LDT; without them a case must use kUserCode and kUserData.
  bool has_local_segments() const { return has_local_segments_; }

  // Runs instructions from registers.eip on, and takes the registers after them. With kTrapFlag one instruction, of a
  // repeated string instruction one iteration; else up to an INT3, whose address is then EIP.
  enum class Stop : u8 { kTrapFlag, kBreakpoint };
  Exception run(Registers& registers, Stop stop = Stop::kTrapFlag);

  void write(u32 address, std::span<const u8> bytes);
  const u8* data() const;  // layout::kAllData bytes from layout::kData

 private:
  std::string unavailable_;
  bool has_local_segments_ = false;
};

}  // namespace paemu::isa_test
