// CPUID: the models and their features (SDM 2A, CPUID; AP-485).
//
// A model string is a name and changes: "coreduo", "pentium3,+pae,-nx". What CPUID shows is what works: clearing a
// feature also makes its control bits reserved.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/types.hpp"

namespace paemu {
using namespace base;

// Feature bits: leaf 1 EDX in 0-31, leaf 1 ECX in 32-63, leaf 0x80000001 EDX in 64-95.
enum class Feature : u8 {
  kFpu = 0,
  kVme = 1,
  kDe = 2,
  kPse = 3,
  kTsc = 4,
  kMsr = 5,
  kPae = 6,
  kMce = 7,
  kCx8 = 8,
  kApic = 9,
  kSep = 11,
  kMtrr = 12,
  kPge = 13,
  kMca = 14,
  kCmov = 15,
  kPat = 16,
  kPse36 = 17,
  kClflush = 19,
  kMmx = 23,
  kFxsr = 24,
  kSse = 25,
  kSse2 = 26,
  kSelfSnoop = 27,
  kSse3 = 32,
  kNx = 64 + 20,
};

struct CpuidResult {
  u32 eax = 0, ebx = 0, ecx = 0, edx = 0;
};

// Plain data derived from the model string: no part of the state.
class CpuModel {
 public:
  // Errors: an unknown model or feature, one that this emulator does not have, a missing prerequisite.
  static Or<CpuModel> parse(std::string_view text, u32 physical_bits);
  static std::vector<std::string> names();

  bool has(Feature f) const { return (features_[static_cast<u32>(f) / 32] >> (static_cast<u32>(f) % 32)) & 1; }
  // What CR4 bits may be set; the others are reserved.
  u32 cr4_allowed() const { return cr4_allowed_; }
  u32 signature() const { return signature_; }
  u32 physical_bits() const { return physical_bits_; }
  // apic_id: of the processor that asks. apic_enabled: by its base register.
  CpuidResult cpuid(u32 leaf, u32 subleaf, u32 apic_id, bool apic_enabled) const;

 private:
  std::string name_;
  std::string brand_;  // up to 48 characters
  u32 signature_ = 0;  // family, model, stepping: leaf 1 EAX
  u32 physical_bits_ = 36;
  u32 cr4_allowed_ = 0;
  u32 cache_descriptors_[4] = {};  // leaf 2
  std::array<u32, 3> features_{};
};

}  // namespace paemu
