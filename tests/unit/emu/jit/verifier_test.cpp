// Both engines in lock-step: silent when they agree, precise when one is wrong.
#include "jit/verifier.hpp"

#include <catch2/catch.hpp>

#include "../interp/flat_machine.hpp"
#include "fixture.hpp"

using namespace paemu;
using namespace paemu::testing;

namespace {

// Changes a constant in the host code.
class Spoiled final : public Verifier {
 public:
  Spoiled(FlatMachine& m, u32 from, u32 to)
      : Verifier(m.cpu, small_cache(), [this] { ++differences; }), from_(from), to_(to) {}
  u32 differences = 0;

 private:
  void inspect(std::span<u8> code) override {
    for (usize n = 0; n + sizeof from_ <= code.size(); ++n)
      if (std::memcmp(code.data() + n, &from_, sizeof from_) == 0) std::memcpy(code.data() + n, &to_, sizeof to_);
  }
  const u32 from_, to_;
};

constexpr u32 kConstant = 0x11223344, kTable = 0x200100;

void load_loop(FlatMachine& m) {
  m.code({0xb9, 50,   0,    0,    0,                 // mov ecx, 50
          0x05, 0x44, 0x33, 0x22, 0x11,              // add eax, 0x11223344
          0xa3, 0x00, 0x00, 0x20, 0x00,              // mov [0x200000], eax
          0xff, 0x04, 0x8d, 0x00, 0x01, 0x20, 0x00,  // inc dword [0x200100 + ecx * 4]
          0x50, 0x5b,                                // push eax; pop ebx
          0x49,                                      // dec ecx
          0x75, 0xea,                                // jnz, to the add
          0xeb, 0xfe});                                    // jmp to itself
}

std::string said(const FlatMachine& m) {
  std::string all;
  for (const std::string& line : m.log.lines) all += line + "\n";
  return all;
}

}  // namespace

TEST_CASE("right translations are compared in silence, and the guest sees one run") {
  FlatMachine m;
  load_loop(m);
  Spoiled verifier(m, 0, 0);
  verifier.run(10'000);
  CHECK(verifier.differences == 0);
  CHECK(verifier.compared() >= 50);
  CHECK(m.cpu.state.eip == FlatMachine::kCode + 27);
  CHECK(m.gpr(isa::kEbx) == 50 * kConstant);
  CHECK(m.dword(0x200000) == 50 * kConstant);
  for (u32 n = 1; n <= 50; ++n) CHECK(m.dword(kTable + 4 * n) == 1);
  INFO(said(m));
  CHECK(m.log.lines.empty());
}

TEST_CASE("a wrong result stops the run and is named by its instruction") {
  FlatMachine m;
  load_loop(m);
  Spoiled verifier(m, kConstant, kConstant + 1);
  verifier.run(10'000);
  CHECK(verifier.differences == 1);
  const std::string text = said(m);
  INFO(text);
  CHECK(text.find("the instruction at 00100005") != std::string::npos);
  CHECK(text.find("> 00100005  add eax, 0x11223344") != std::string::npos);
  CHECK(text.find("gpr[0]") != std::string::npos);
  CHECK(text.find("the host code:") != std::string::npos);
}

TEST_CASE("a store to the wrong place is found where it is missing") {
  FlatMachine m;
  load_loop(m);
  Spoiled verifier(m, kTable, kTable + 4);
  verifier.run(10'000);
  CHECK(verifier.differences == 1);
  const std::string text = said(m);
  INFO(text);
  CHECK(text.find("the instruction at 0010000f") != std::string::npos);
  CHECK(text.find("memory at 002001c8: interpreted 0100000000, translated 0000000001") != std::string::npos);
}
