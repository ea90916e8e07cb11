#include "cpu/cpuid.hpp"

#include "system_machine.hpp"

using namespace paemu;
using namespace paemu::testing;

namespace {

std::string sentence(std::string_view text) {
  auto model = CpuModel::parse(text, 36);
  REQUIRE_FALSE(model.ok());
  return model.error().sentence;
}

CpuModel model_of(std::string_view text, u32 physical_bits = 36) {
  auto model = CpuModel::parse(text, physical_bits);
  REQUIRE(model.ok());
  return *model;
}

CpuidResult leaf(const CpuModel& model, u32 number, u32 subleaf = 0) { return model.cpuid(number, subleaf, {}); }

// Is there an instruction of this mnemonic, of all its rows?
bool runs(const CpuModel& model, std::string_view mnemonic) {
  bool all = true, any = false;
  for (u32 n = 0; n < isa::rows().size(); ++n) {
    if (mnemonic != isa::rows()[n].mnemonic) continue;
    any = true;
    all = all && model.has_row(static_cast<u16>(n));
  }
  REQUIRE(any);
  return all;
}

}  // namespace

TEST_CASE("every model can be named and shows the vendor and its physical width") {
  for (const std::string& name : CpuModel::names()) {
    const CpuModel model = model_of(name, 40);
    REQUIRE(leaf(model, 0).ebx == 0x756e6547);
    REQUIRE((leaf(model, 0x80000008).eax & 0xff) == 40);
    REQUIRE((leaf(model, 1).edx & (1 << 6)) != 0);
    // No long mode, ever.
    REQUIRE((leaf(model, 0x80000001).edx & (1 << 29)) == 0);
    REQUIRE(CpuModel::help().find(name) != std::string::npos);
  }
}

TEST_CASE("features can be added and removed, and control bits follow") {
  REQUIRE(model_of("pentium3,+nx").has(Feature::kNx));
  const CpuModel without = model_of("coreduo,-pge,-nx");
  REQUIRE_FALSE(without.has(Feature::kPge));
  REQUIRE((without.cr4_allowed() & cr4::kPge) == 0);
  REQUIRE((without.cr4_allowed() & cr4::kPae) != 0);
}

TEST_CASE("features are switched in the ways that QEMU knows") {
  REQUIRE_FALSE(model_of("coreduo,sse3=off").has(Feature::kSse3));
  REQUIRE_FALSE(model_of("coreduo,-pni").has(Feature::kSse3));
  REQUIRE(model_of("coreduo,pse36=on").has(Feature::kPse36));
  REQUIRE(model_of("coreduo,pse36").has(Feature::kPse36));
  REQUIRE(model_of("coreduo,+tsc_adjust").has(Feature::kTscAdjust));
  REQUIRE(model_of("coreduo,-nx,+nx").has(Feature::kNx));
}

TEST_CASE("what can't be a model is refused with one sentence") {
  REQUIRE(sentence("i486").find("no model \"i486\"") != std::string::npos);
  REQUIRE(sentence("coreduo,+avx").find("no feature \"avx\"") != std::string::npos);
  REQUIRE(sentence("coreduo,nx=yes").find("=on or =off") != std::string::npos);
  REQUIRE(sentence("coreduo,-pae").find("\"nx\" needs \"pae\"") != std::string::npos);
  REQUIRE(sentence("coreduo,-sse").find("\"sse2\" needs \"sse\"") != std::string::npos);
  REQUIRE(sentence("pentium3,-fpu").find("every model has") != std::string::npos);
}

TEST_CASE("the APIC bit follows the enable bit of its base register") {
  const CpuModel model = model_of("coreduo");
  REQUIRE((model.cpuid(1, 0, {.apic_enabled = true}).edx & (1 << 9)) != 0);
  REQUIRE((model.cpuid(1, 0, {.apic_enabled = false}).edx & (1 << 9)) == 0);
}

TEST_CASE("leaves beyond the last answer as the last basic leaf") {
  const CpuModel coreduo = model_of("coreduo"), pentium3 = model_of("pentium3");
  REQUIRE(leaf(coreduo, 0x40000000).eax == leaf(coreduo, 5).eax);
  // A Pentium III has no extended leaves.
  REQUIRE(leaf(pentium3, 0x80000000).eax == leaf(pentium3, 2).eax);
}

TEST_CASE("a feature that the model itself lacks brings the leaf that shows it") {
  const CpuModel nx = model_of("pentium3,+nx"), adjust = model_of("pentium3,+tsc-adjust");
  REQUIRE(leaf(nx, 0x80000000).eax == 0x80000001);
  REQUIRE(leaf(nx, 0x80000001).edx == bit_of(Feature::kNx));
  REQUIRE(leaf(adjust, 0).eax == 7);
  REQUIRE(leaf(adjust, 7).ebx == bit_of(Feature::kTscAdjust));
  REQUIRE(leaf(adjust, 7, 1).ebx == 0);
}

TEST_CASE("without a feature its instructions are gone and no others") {
  const CpuModel all = model_of("max32");
  for (u32 n = 0; n < isa::rows().size(); ++n) REQUIRE(all.has_row(static_cast<u16>(n)));

  const CpuModel pentium3 = model_of("pentium3");
  for (const char* gone : {"addpd", "cvtdq2ps", "movdqu", "paddq", "movnti", "lfence", "haddps", "fisttp", "lddqu",
                           "clflush", "movq2dq", "maskmovdqu", "pshufd", "cvttps2dq", "cvtpi2pd"}) {
    INFO(gone);
    REQUIRE_FALSE(runs(pentium3, gone));
  }
  for (const char* there : {"addps", "movss", "cvtpi2ps", "cvttps2pi", "pshufw", "emms", "sfence", "fxsave",
                            "prefetchnta", "cmov", "fcomi", "rdtsc", "sysenter", "movntq", "maskmovq", "stmxcsr"}) {
    INFO(there);
    REQUIRE(runs(pentium3, there));
  }

  const CpuModel bare = model_of("pentium3,-sse,-fxsr,-mmx,-cmov,-cx8,-tsc,-sep");
  for (const char* gone : {"addps", "pshufw", "emms", "fxsave", "ldmxcsr", "cmov", "fcmovb", "fucomip", "cmpxchg8b",
                           "rdtsc", "sysenter", "sysexit", "psubb", "movd"}) {
    INFO(gone);
    REQUIRE_FALSE(runs(bare, gone));
  }
  for (const char* there : {"fld", "add", "cpuid", "rdmsr", "cmpxchg", "bswap", "nop", "prefetcht0"}) {
    INFO(there);
    REQUIRE(runs(bare, there));
  }
}
