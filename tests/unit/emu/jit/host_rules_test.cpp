// What the host makes of undefined flags: seen when it differs from docs/undefined.md, and then not relied upon.
#include "jit/host_rules.hpp"

#include <catch2/catch.hpp>

#include "../interp/flat_machine.hpp"
#include "fixture.hpp"

using namespace paemu;
using namespace paemu::jit;
using namespace paemu::testing;

namespace {

// A host that leaves `flags` otherwise after what `rule` is about.
HostRules probe_with(HostRule rule, u32 flags) {
  const auto cache = small_cache();
  return HostRules::probe(*cache, [&](HostRule r, void (*native)(HostRules::Operands*), HostRules::Operands& o) {
    native(&o);
    if (r == rule) o.flags ^= flags;
  });
}

}  // namespace

TEST_CASE("a host whose undefined flags are others than the rule says is found out, rule by rule") {
  const auto cache = small_cache();
  const HostRules real = HostRules::probe(*cache);
  CHECK(cache->used() == 0);
  for (u32 n = 0; n < kHostRules; ++n) {
    const auto rule = static_cast<HostRule>(n);
    const HostRules other = probe_with(rule, eflag::kOverflow);
    CHECK_FALSE(other.hold(rule));
    for (u32 k = 0; k < kHostRules; ++k)
      if (k != n) CHECK(other.hold(static_cast<HostRule>(k)) == real.hold(static_cast<HostRule>(k)));
  }
  CHECK(probe_with(HostRule::kRcr, eflag::kOverflow).broken().find("RCR") != std::string::npos);
  CHECK_FALSE(HostRules::none().all_hold());
}

TEST_CASE("flags that are set right after a copy may be anything on the host") {
  const auto cache = small_cache();
  const HostRules real = HostRules::probe(*cache);
  for (const HostRule rule : {HostRule::kShl, HostRule::kShr, HostRule::kSar, HostRule::kShld, HostRule::kShrd})
    CHECK(probe_with(rule, eflag::kAdjust).hold(rule) == real.hold(rule));
  CHECK(probe_with(HostRule::kBitScan, eflag::kParity).hold(HostRule::kBitScan) == real.hold(HostRule::kBitScan));
  CHECK_FALSE(probe_with(HostRule::kLogic, eflag::kAdjust).hold(HostRule::kLogic));
}

TEST_CASE("on a host that nothing is trusted of, the same flags come out, and the log says so") {
  if (!Translator::supported()) return;
  // again: mov eax, [0x200000]; rol eax, 7; shl eax, 3; or eax, ebx; pushf; pop edx; add [0x200004], edx;
  // bsf ecx, eax; adc [0x200000], ecx; jmp again
  const auto load = [](FlatMachine& m) {
    m.code({0xa1, 0, 0, 0x20, 0, 0xc1, 0xc0, 7,    0xc1, 0xe0, 3, 0x09, 0xd8, 0x9c, 0x5a, 0x01,
            0x15, 4, 0, 0x20, 0, 0x0f, 0xbc, 0xc8, 0x11, 0x0d, 0, 0,    0x20, 0,    0xeb, 0xe0});
    m.gpr(isa::kEbx) = 0x01234567;
  };
  FlatMachine m, reference;
  load(m);
  load(reference);
  Translator translator(m.cpu, small_cache(), {.hot = 0}, TrustHost::kNo);
  translator.run(5000);
  reference.interpreter.run(5000);
  CHECK(m.dword(0x200000) == reference.dword(0x200000));
  CHECK(m.dword(0x200004) == reference.dword(0x200004));
  CHECK(m.cpu.state.eflags == reference.cpu.state.eflags);
  REQUIRE(m.log.lines.size() == 1);
  CHECK(m.log.lines[0].starts_with("paemu: interpreting ROL, ROR, "));
}
