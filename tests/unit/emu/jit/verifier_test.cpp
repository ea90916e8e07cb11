// Both engines in lock-step: silent when they agree, precise when one is wrong.
#include "jit/verifier.hpp"

#include <catch2/catch.hpp>

#include "../interp/flat_machine.hpp"
#include "fixture.hpp"

using namespace paemu;
using namespace paemu::testing;

namespace {

// Changes a constant in the host code, where it stands first in a translation or after `spared` others.
class Spoiled final : public Verifier {
 public:
  Spoiled(FlatMachine& m, u32 from, u32 to, u32 spared = 0)
      : Verifier(m.cpu, small_cache(), [this] { ++differences; }), from_(from), to_(to), spared_(spared) {}
  u32 differences = 0;

 private:
  void inspect(std::span<u8> code) override {
    u32 spared = 0;
    for (usize n = 0; n + sizeof from_ <= code.size(); ++n) {
      if (std::memcmp(code.data() + n, &from_, sizeof from_) != 0 || spared++ < spared_) continue;
      std::memcpy(code.data() + n, &to_, sizeof to_);
    }
  }
  const u32 from_, to_, spared_;
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
  CHECK(verifier.compared() >= 50 * 7);
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

TEST_CASE("a fault between blocks is found where no block alone has it") {
  FlatMachine m;
  load_loop(m);
  Spoiled verifier(m, kConstant, kConstant + 1, 1);  // in the copy of the block that is the loop
  verifier.run(10'000);
  CHECK(verifier.differences == 1);
  const std::string text = said(m);
  INFO(text);
  CHECK(text.find("the block of 8 instructions at 00100005") != std::string::npos);
  CHECK(text.find("no part of it does alone") != std::string::npos);
  CHECK(text.find("gpr[0]") != std::string::npos);
}

TEST_CASE("what reaches a device is done once, and what is around it is compared") {
  FlatMachine m;
  struct Count final : IoDevice {
    u64 io_read(u64, u32) override { return ++reads; }
    void io_write(u64, u32, u64) override { ++writes; }
    u32 reads = 0, writes = 0;
  } device;
  m.mmio.map(GuestPhys{0xfd000000}, kPageSize, device);
  m.code({0xb9, 10,   0,    0,    0,           // mov ecx, 10
          0x03, 0x15, 0x00, 0x00, 0x00, 0xfd,  // add edx, [0xfd000000]
          0xff, 0x05, 0x00, 0x00, 0x20, 0x00,  // inc dword [0x200000]
          0xa3, 0x04, 0x00, 0x00, 0xfd,        // mov [0xfd000004], eax
          0x49,                                // dec ecx
          0x75, 0xec,                          // jnz, to the add
          0xeb, 0xfe});                        // jmp to itself
  const u32 edx = m.gpr(isa::kEdx);
  Spoiled verifier(m, 0, 0);
  verifier.run(1000);
  INFO(said(m));
  CHECK(verifier.differences == 0);
  CHECK(device.reads == 10);
  CHECK(device.writes == 10);
  CHECK(m.gpr(isa::kEdx) == edx + 55);
  CHECK(m.dword(0x200000) == 10);
  CHECK(verifier.compared() > 900);
}

TEST_CASE("faults are compared, and delivered once") {
  FlatMachine m;
  m.code({0xb8, 0x05, 0x00, 0x00, 0x00,        // mov eax, 5
          0xff, 0x05, 0x00, 0x00, 0x20, 0x00,  // inc dword [0x200000]
          0x31, 0xc9,                          // xor ecx, ecx
          0xf7, 0xf1});                        // div ecx
  Spoiled verifier(m, 0, 0);
  verifier.run(4);
  INFO(said(m));
  CHECK(verifier.differences == 0);
  CHECK(m.dword(0x200000) == 1);
}
