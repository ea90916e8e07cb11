// HostRules: does this host leave what the manual calls undefined as docs/undefined.md says?
//
// Copied instructions run on the host, so what it does beyond the manual would become the guest's, and a state hash
// would mean another thing on another maker's processor. A few instructions are run natively when a translator starts
// and compared with the interpreter's semantics, undefined flags and all. What differs is not copied on this host.
//
// Not in question here: flags that are set right afterwards on every host (Context::stale_mask), and x87 and SSE, which
// the interpreter runs on the host too.
//
// Called by the Translator only.
#pragma once

#include <functional>
#include <string>

#include "jit/code_cache.hpp"

namespace paemu {

// kNo: as if the host did nothing by the rules (for tests).
enum class TrustHost : u8 { kIfItPasses, kNo };

namespace jit {

// What may differ by itself.
enum class HostRule : u8 { kRol, kRor, kRcl, kRcr, kShl, kShr, kSar, kShld, kShrd, kBitTest, kBitScan, kLogic, kFcomi };
inline constexpr u32 kHostRules = 13;
// Of a shift or rotate, by its ModRM.reg.
inline HostRule shift_rule(u32 kind) {
  using enum HostRule;
  constexpr HostRule kRules[8] = {kRol, kRor, kRcl, kRcr, kShl, kShr, kShl, kSar};
  return kRules[kind & 7];
}

class HostRules {
 public:
  // What a probe works on: the host's EAX, EDX, ECX and EFLAGS, before and after.
  struct Operands {
    u32 eax = 0, edx = 0, ecx = 0, flags = 0;
  };
  // Runs an instruction; tests have others than the host's own.
  using Run = std::function<void(HostRule, void (*native)(Operands*), Operands&)>;

  // The code that it runs is written to free memory of `cache`, of which it takes none.
  static HostRules probe(CodeCache& cache);
  static HostRules probe(CodeCache& cache, const Run& run);
  static HostRules none() { return HostRules((1u << kHostRules) - 1); }

  bool hold(HostRule rule) const { return !(broken_ >> static_cast<u32>(rule) & 1); }
  bool all_hold() const { return broken_ == 0; }
  std::string broken() const;  // "ROL, RCR"

 private:
  explicit HostRules(u32 broken) : broken_(broken) {}
  u32 broken_;  // bit n: rule n
};

}  // namespace jit
}  // namespace paemu
