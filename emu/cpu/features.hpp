// Features by name: where CPUID shows each, what each needs, and which instructions exist with it only.
#pragma once

#include <span>
#include <string_view>

#include "base/types.hpp"
#include "isa/table.hpp"

namespace paemu {
using namespace base;

// Words of feature bits, by the leaf and register that shows them.
inline constexpr u32 kFeatureWords = 4;
namespace feature_word {
inline constexpr u32 k1Edx = 0, k1Ecx = 1, k80000001Edx = 2, k7Ebx = 3;
}

// word * 32 + bit (SDM 2A, CPUID).
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
  kSse3 = 32 + 0,
  kMonitor = 32 + 3,
  kNx = 64 + 20,
  kTscAdjust = 96 + 1,
};
constexpr u32 word_of(Feature f) { return static_cast<u32>(f) / 32; }
constexpr u32 bit_of(Feature f) { return 1u << (static_cast<u32>(f) % 32); }

struct FeatureRow {
  const char* name;
  Feature feature;
  u32 cr4;            // bits that the feature makes writable
  const char* needs;  // name of a feature without which it is of no use, or nullptr
};

// All features that can be named; aliases stand behind the name that is shown.
std::span<const FeatureRow> features();
// By name, '_' being the same as '-'; nullptr: there is none.
const FeatureRow* find_feature(std::string_view name);

// The feature that an instruction came with; kFpu for those that every processor here has.
Feature feature_of(const isa::Row& row);

}  // namespace paemu
