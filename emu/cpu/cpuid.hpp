// CPUID: the models and their features (SDM 2A, CPUID; AP-485).
//
// A model string is a name and changes: "coreduo", "pentium3,+nx", "max32,sse3=off". What CPUID shows is what works:
// without a feature its instructions are undefined, its control bits reserved and its MSRs absent.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/types.hpp"
#include "cpu/features.hpp"
#include "cpu/topology.hpp"

namespace paemu {
using namespace base;

inline constexpr u32 kMonitorLine = 64;  // bytes that MONITOR watches

struct CpuidResult {
  u32 eax = 0, ebx = 0, ecx = 0, edx = 0;
};

using CacheDescriptors = std::array<u32, 4>;  // EAX, EBX, ECX, EDX of leaf 2

// What differs from model to model beside its features.
struct ModelRow {
  const char* name;
  const char* help;
  const char* brand;  // up to 47 characters; "": none
  u32 signature;      // family, model, stepping: leaf 1 EAX
  u8 brand_index;     // leaf 1 EBX, bits 0-7
  u32 last_leaf;
  u32 last_extended;  // 0: there are no extended leaves
  CacheDescriptors cache_descriptors;
  u32 features[kFeatureWords];  // by feature_word
  bool has_misc_enable;         // IA32_MISC_ENABLE and the MSRs of power management
  bool writes_whole_tsc;        // a write to the TSC keeps its upper half (SDM 3B, 17.17.3)
};

// Plain data derived from the model string: no part of the state.
class CpuModel {
 public:
  // Errors: an unknown model or feature, one that this emulator does not have, a missing prerequisite.
  static Or<CpuModel> parse(std::string_view text, u32 physical_bits);
  static std::vector<std::string> names();
  // The models and features that parse() knows, for "-cpu help".
  static std::string help();

  bool has(Feature f) const { return features_[word_of(f)] & bit_of(f); }
  // Whether an instruction of this row of the instruction table is there.
  bool has_row(u16 row) const { return rows_[row]; }
  // What CR4 bits may be set; the others are reserved.
  u32 cr4_allowed() const { return cr4_allowed_; }
  u32 signature() const { return row_->signature; }
  bool has_misc_enable() const { return row_->has_misc_enable; }
  bool writes_whole_tsc() const { return row_->writes_whole_tsc; }
  u32 physical_bits() const { return physical_bits_; }

  // What leaves show of the processor that asks.
  struct Asker {
    u32 apic_id = 0;
    Topology topology;
    bool apic_enabled = true;  // by its base register
    bool nx_disabled = false;  // by IA32_MISC_ENABLE, as those that follow
    bool monitor_disabled = false;
    bool leaves_limited = false;
  };
  CpuidResult cpuid(u32 leaf, u32 subleaf, const Asker& asker) const;

 private:
  Or<> change(std::string_view text);
  Or<> check_and_derive();
  u32 last_leaf() const;
  u32 last_extended() const;

  const ModelRow* row_ = nullptr;
  u32 physical_bits_ = 36;
  u32 cr4_allowed_ = 0;
  std::array<u32, kFeatureWords> features_{};
  std::vector<bool> rows_;  // by isa::Row
};

}  // namespace paemu
