// What the Verifier says of a difference, as lines for the log.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "interp/engine.hpp"

namespace paemu::verifier_report {

std::string headline(const Block& block, u32 eip, const Insn* guilty, u64 retired);
// When no block of a stretch could be made out.
std::string headline_of_stretch(u32 eip, u64 retired, bool reproduced);
// The block's instructions, the guilty one marked.
std::vector<std::string> guest_code(const Block& block, u32 eip, const Insn* guilty);
std::string registers(const CpuState& s);
// "gpr[3]: 1 and 2", or "" when the states are the same.
std::string first_difference(const CpuState& expected, const CpuState& got);
bool same(const CpuState& a, const CpuState& b);
std::string fault(bool any, const Fault& f);
std::string counts(const char* what, u64 expected, u64 got);
std::string tlb_entry(u32 linear, std::span<const u8> expected, std::span<const u8> got);
std::string bytes(const char* what, u64 address, std::span<const u8> expected, std::span<const u8> got);

}  // namespace paemu::verifier_report
