// Instructions whose rules are easy to get wrong, by running them. The bulk is compared with a real processor in
// tests/isa.
#include <catch2/catch.hpp>

#include "flat_machine.hpp"

using namespace paemu;
using testing::FlatMachine;

namespace {

// Runs `count` instructions of `bytes`.
void run(FlatMachine& m, std::initializer_list<u8> bytes, u64 count = 1) {
  m.code(bytes);
  m.cpu.state.eip = FlatMachine::kCode;
  m.interpreter.run(count);
}

}  // namespace

TEST_CASE("PUSH ESP pushes the old value and POP ESP keeps the popped one") {
  FlatMachine m;
  run(m, {0x54});
  CHECK(m.dword(FlatMachine::kStack - 4) == FlatMachine::kStack);
  run(m, {0x68, 0x78, 0x56, 0x34, 0x12, 0x5c}, 2);
  CHECK(m.gpr(isa::kEsp) == 0x12345678);
}

TEST_CASE("POP to memory addressed by ESP uses the incremented pointer") {
  FlatMachine m;
  m.gpr(isa::kEsp) = 0x70000;
  run(m, {0x68, 0xaa, 0, 0, 0, 0x8f, 0x04, 0x24}, 2);  // push aa; pop [esp]
  CHECK(m.dword(0x70000) == 0xaa);
  CHECK(m.gpr(isa::kEsp) == 0x70000);
}

TEST_CASE("PUSHA stores the ESP from before and POPA ignores it") {
  FlatMachine m;
  for (u32 n = 0; n < 8; ++n) {
    if (n != isa::kEsp) m.gpr(n) = 0x100 + n;
  }
  run(m, {0x60, 0x31, 0xc0, 0x31, 0xff, 0x61}, 4);  // pusha; xor eax, eax; xor edi, edi; popa
  CHECK(m.dword(FlatMachine::kStack - 20) == FlatMachine::kStack);
  for (u32 n = 0; n < 8; ++n) CHECK(m.gpr(n) == (n == isa::kEsp ? FlatMachine::kStack : 0x100 + n));
}

TEST_CASE("ENTER with a level copies the display of frame pointers") {
  FlatMachine m;
  m.gpr(isa::kEbp) = 0x60000;
  const u8 outer[] = {0x11, 0, 0, 0};
  m.load(0x60000 - 4, outer);
  run(m, {0xc8, 0x10, 0x00, 0x02});  // enter 16, 2
  CHECK(m.gpr(isa::kEbp) == FlatMachine::kStack - 4);
  CHECK(m.dword(FlatMachine::kStack - 4) == 0x60000);
  CHECK(m.dword(FlatMachine::kStack - 8) == 0x11);
  CHECK(m.dword(FlatMachine::kStack - 12) == FlatMachine::kStack - 4);
  CHECK(m.gpr(isa::kEsp) == FlatMachine::kStack - 12 - 16);
}

TEST_CASE("a bit offset in a register reaches beyond the operand, forwards and backwards") {
  FlatMachine m;
  m.gpr(isa::kEbx) = 0x200100;
  m.gpr(isa::kEcx) = 32 * 3 + 5;
  run(m, {0x0f, 0xab, 0x0b});  // bts [ebx], ecx
  CHECK(m.dword(0x20010c) == 1u << 5);
  m.gpr(isa::kEcx) = static_cast<u32>(-1);
  run(m, {0x0f, 0xab, 0x0b});
  CHECK(m.dword(0x2000fc) == 1u << 31);
}

TEST_CASE("CMPXCHG8B exchanges on equality and loads EDX:EAX otherwise") {
  FlatMachine m;
  m.gpr(isa::kEsi) = 0x200000;
  m.gpr(isa::kEax) = m.gpr(isa::kEdx) = 0;
  m.gpr(isa::kEbx) = 1;
  m.gpr(isa::kEcx) = 2;
  run(m, {0x0f, 0xc7, 0x0e});
  CHECK((m.cpu.state.eflags & eflag::kZero) != 0);
  CHECK(m.dword(0x200000) == 1);
  CHECK(m.dword(0x200004) == 2);
  run(m, {0x0f, 0xc7, 0x0e});
  CHECK((m.cpu.state.eflags & eflag::kZero) == 0);
  CHECK(m.gpr(isa::kEax) == 1);
  CHECK(m.gpr(isa::kEdx) == 2);
}

TEST_CASE("decimal adjustment follows the manual's examples") {
  FlatMachine m;
  m.gpr(isa::kEax) = 0x79;
  m.gpr(isa::kEbx) = 0x35;
  run(m, {0x00, 0xd8, 0x27}, 2);  // add al, bl; daa: 79 + 35 = 114 decimal
  CHECK((m.gpr(isa::kEax) & 0xff) == 0x14);
  CHECK((m.cpu.state.eflags & eflag::kCarry) != 0);
  m.gpr(isa::kEax) = 0x35;
  m.gpr(isa::kEbx) = 0x47;
  run(m, {0x28, 0xd8, 0x2f}, 2);  // sub al, bl; das: 35 - 47 = 88 with a borrow
  CHECK((m.gpr(isa::kEax) & 0xff) == 0x88);
  CHECK((m.cpu.state.eflags & eflag::kCarry) != 0);
}

TEST_CASE("REPNE SCASB finds a byte and stops behind it") {
  FlatMachine m;
  const u8 text[] = {'a', 'b', 'c', 0, 'd'};
  m.load(0x200000, text);
  m.gpr(isa::kEdi) = 0x200000;
  m.gpr(isa::kEcx) = ~0u;
  m.gpr(isa::kEax) = 0;
  run(m, {0xf2, 0xae, 0xeb, 0xfe}, 4);
  CHECK(m.gpr(isa::kEdi) == 0x200004);
  CHECK(m.gpr(isa::kEcx) == ~0u - 4);
  CHECK(m.cpu.state.eip == FlatMachine::kCode + 2);
}

TEST_CASE("an overlapping REP MOVSB propagates a pattern") {
  FlatMachine m;
  const u8 seed[] = {1, 2, 3};
  m.load(0x200ffe, seed);
  m.gpr(isa::kEsi) = 0x200ffe;
  m.gpr(isa::kEdi) = 0x201001;
  m.gpr(isa::kEcx) = 9;
  run(m, {0xf3, 0xa4}, 9);
  CHECK(m.dword(0x201001) == 0x01030201);
  CHECK(m.dword(0x201005) == 0x02010302);
}

TEST_CASE("a division that overflows faults and changes nothing") {
  FlatMachine m;
  m.cpu.state.idtr.limit = 0;
  m.gpr(isa::kEdx) = 5;
  m.gpr(isa::kEax) = 7;
  m.gpr(isa::kEbx) = 5;
  run(m, {0xf7, 0xf3}, 3);  // div ebx: the quotient needs 33 bits
  CHECK(m.cpu.state.activity == Activity::kShutdown);
  CHECK(m.gpr(isa::kEdx) == 5);
  CHECK(m.gpr(isa::kEax) == 7);
}
