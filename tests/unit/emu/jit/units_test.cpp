// Blocks that hold much of the units' state: all XMM registers, an x87 instruction whose pointers are not written yet,
// flags that are not the host's.
#include <cstring>

#include "../interp/flat_machine.hpp"
#include "fixture.hpp"

using namespace paemu;
using namespace paemu::testing;

namespace {

constexpr u32 kData = 0x200000;

// Every XMM register is written: addps xmmN, xmmN.
std::vector<u8> write_all_xmm() {
  std::vector<u8> code;
  for (u8 n = 0; n < 8; ++n) code.insert(code.end(), {0x0f, 0x58, static_cast<u8>(0xc0 | n << 3 | n)});
  return code;
}

void prepare(FlatMachine& m, std::vector<u8> body) {
  body.push_back(0xe9);  // jmp to the start
  const u32 back = 0u - static_cast<u32>(body.size() + 4);
  for (u32 n = 0; n < 4; ++n) body.push_back(static_cast<u8>(back >> (8 * n)));
  m.load(FlatMachine::kCode, body);
  const u8 data[64] = {0x11, 0x22, 0x33, 0x3f};
  m.load(kData, data);
  CpuState& s = m.cpu.state;
  s.cr4 = cr4::kOsfxsr | cr4::kOsxmmexcpt;
  s.fpu.mxcsr = 0x1f80;
  s.fpu.control = 0x37f;
  for (u8 n = 0; n < 8; ++n) std::memset(s.fpu.xmm[n], n, sizeof s.fpu.xmm[n]);
  s.gpr[isa::kEbx] = kData;
  s.gpr[isa::kEcx] = 0x12345;
  m.cpu.adopt();
}

void check_same(FlatMachine& m, FlatMachine& reference) {
  m.cpu.settle_fpu();
  reference.cpu.settle_fpu();
  const CpuState &a = m.cpu.state, &b = reference.cpu.state;
  CHECK(m.clock.retired == reference.clock.retired);
  CHECK(std::memcmp(a.gpr, b.gpr, sizeof a.gpr) == 0);
  CHECK(std::memcmp(a.fpu.xmm, b.fpu.xmm, sizeof a.fpu.xmm) == 0);
  CHECK(std::memcmp(a.fpu.st, b.fpu.st, sizeof a.fpu.st) == 0);
  CHECK(a.eip == b.eip);
  CHECK(m.cpu.lazy.get() == reference.cpu.lazy.get());
  CHECK(a.fpu.mxcsr == b.fpu.mxcsr);
  CHECK(a.fpu.status == b.fpu.status);
  CHECK(a.fpu.tag == b.fpu.tag);
  CHECK(a.fpu.code_offset == b.fpu.code_offset);
  CHECK(a.fpu.data_offset == b.fpu.data_offset);
  CHECK(a.fpu.last_opcode == b.fpu.last_opcode);
}

void run_both(const std::vector<u8>& body) {
  if (!Translator::supported()) return;
  FlatMachine m, reference;
  prepare(m, body);
  prepare(reference, body);
  const auto translator = translator_of(m);
  for (const u64 slice : {1000u, 1001u, 7u, 503u, 64u}) {
    translator->run(slice);
    reference.interpreter.run(slice);
    check_same(m, reference);
  }
}

}  // namespace

TEST_CASE("a loop that leaves all units' state open stops at any count") {
  std::vector<u8> body = write_all_xmm();
  body.insert(body.end(), {0xd8, 0x03});  // fadd dword [ebx]
  body.insert(body.end(), {0xd1, 0xe0});  // shl eax, 1
  run_both(body);
}

TEST_CASE("flags that are not the host's are made so with all XMM registers held") {
  std::vector<u8> body = write_all_xmm();
  body.insert(body.end(), {0x0f, 0xaf, 0xc1});  // imul eax, ecx
  body.insert(body.end(), {0x0f, 0x48, 0xd0});  // cmovs edx, eax
  run_both(body);
}

TEST_CASE("a loop that changes MXCSR computes by each word, and one that unmasks an exception goes on interpreted") {
  for (const u32 kept : {0xffffffffu, 0xfffff7ffu}) {  // all, or not the mask of underflow
    const auto byte = [&](u32 n) { return static_cast<u8>(kept >> (8 * n)); };
    run_both({0x0f, 0xae, 0x1b,                                // stmxcsr [ebx]
              0x81, 0x33, 0x00,    0x60,    0x00,    0x00,     // xor dword [ebx], 0x6000: the other rounding
              0x81, 0x23, byte(0), byte(1), byte(2), byte(3),  // and dword [ebx], kept
              0x0f, 0xae, 0x13,                                // ldmxcsr [ebx]
              0x0f, 0x5e, 0xca,    0x0f,    0x53,    0xd9,    0x0f, 0x58, 0xca});  // divps; rcpps; addps
  }
}
