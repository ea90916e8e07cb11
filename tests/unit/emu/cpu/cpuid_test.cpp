#include "system_machine.hpp"

using namespace paemu;
using namespace paemu::testing;

namespace {

using M = SystemMachine;

std::string sentence(std::string_view text) {
  auto model = CpuModel::parse(text, 36);
  REQUIRE_FALSE(model.ok());
  return model.error().sentence;
}

}  // namespace

TEST_CASE("every model can be named and shows the vendor and its physical width") {
  for (const std::string& name : CpuModel::names()) {
    auto model = CpuModel::parse(name, 40);
    REQUIRE(model.ok());
    REQUIRE((*model).cpuid(0, 0, 0, true).ebx == 0x756e6547);
    REQUIRE(((*model).cpuid(0x80000008, 0, 0, true).eax & 0xff) == 40);
    REQUIRE(((*model).cpuid(1, 0, 0, true).edx & (1 << 6)) != 0);
    // No long mode, ever.
    REQUIRE(((*model).cpuid(0x80000001, 0, 0, true).edx & (1 << 29)) == 0);
  }
}

TEST_CASE("features can be added and removed, and control bits follow") {
  auto with = CpuModel::parse("pentium3,+nx", 36);
  REQUIRE(with.ok());
  REQUIRE(with->has(Feature::kNx));
  auto without = CpuModel::parse("coreduo,-pge,-nx", 36);
  REQUIRE(without.ok());
  REQUIRE_FALSE(without->has(Feature::kPge));
  REQUIRE((without->cr4_allowed() & cr4::kPge) == 0);
  REQUIRE((without->cr4_allowed() & cr4::kPae) != 0);
}

TEST_CASE("what can't be a model is refused with one sentence") {
  REQUIRE(sentence("i486").find("no model \"i486\"") != std::string::npos);
  REQUIRE(sentence("coreduo,+avx").find("no feature \"avx\"") != std::string::npos);
  REQUIRE(sentence("coreduo,nx").find("+feature") != std::string::npos);
  REQUIRE(sentence("coreduo,-pae").find("\"nx\" needs \"pae\"") != std::string::npos);
}

TEST_CASE("the APIC bit follows the enable bit of its base register") {
  auto model = CpuModel::parse("coreduo", 36);
  REQUIRE((model->cpuid(1, 0, 0, true).edx & (1 << 9)) != 0);
  REQUIRE((model->cpuid(1, 0, 0, false).edx & (1 << 9)) == 0);
}

TEST_CASE("leaves beyond the last answer as the last basic leaf") {
  auto model = CpuModel::parse("coreduo", 36);
  REQUIRE(model->cpuid(0x40000000, 0, 0, true).eax == model->cpuid(2, 0, 0, true).eax);
}
