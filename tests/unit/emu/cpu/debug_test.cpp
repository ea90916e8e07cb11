#include "system_machine.hpp"

using namespace paemu;
using namespace paemu::testing;

namespace {

using M = SystemMachine;
constexpr u32 kHandler = M::kHandlers + 16;  // of #DB

// Runs until the #DB handler is reached.
void run_to_debug(M& m) {
  m.code({0xf4}, kHandler);  // hlt
  m.interpreter.run(50);
  REQUIRE(m.cpu.state.activity == Activity::kHalted);
  REQUIRE(m.cpu.state.eip == kHandler + 1);
}

}  // namespace

TEST_CASE("the trap flag traps after each instruction") {
  M m;
  m.code({0x9c, 0x80, 0x4c, 0x24, 0x01, 0x01, 0x9d, 0x40, 0x40});  // pushf; or byte [esp+1],1; popf; inc eax; inc eax
  run_to_debug(m);
  REQUIRE(m.stacked(0) == M::kCode + 8);  // POPF itself does not trap
  REQUIRE((m.stacked(2) & eflag::kTrap) != 0);
  REQUIRE((m.stacked(2) & eflag::kResume) == 0);
  REQUIRE((m.cpu.state.dr[6] & debug::kSingleStep) != 0);
  REQUIRE(m.cpu.state.gpr[isa::kEax] == 1);
}

TEST_CASE("an instruction breakpoint faults before its instruction, and RF lets it pass once") {
  M m;
  m.code({0x40, 0x40, 0x40, 0xf4});
  m.cpu.state.dr[0] = M::kCode + 1;
  m.cpu.state.dr[7] = debug::kDr7Fixed | 1;
  m.cpu.adopt();
  run_to_debug(m);
  REQUIRE(m.stacked(0) == M::kCode + 1);
  REQUIRE((m.cpu.state.dr[6] & 0xf) == 1);
  REQUIRE(m.cpu.state.gpr[isa::kEax] == 1);
  // The handler sets RF in the image and returns.
  m.put(m.esp() + 8, m.stacked(2) | eflag::kResume);
  m.code({0xcf}, kHandler);
  m.cpu.state.eip = kHandler;
  m.cpu.state.activity = Activity::kRunning;
  m.interpreter.run(50);
  REQUIRE(m.cpu.state.eip == M::kCode + 4);
  REQUIRE(m.cpu.state.gpr[isa::kEax] == 3);
  REQUIRE((m.cpu.flags() & eflag::kResume) == 0);
}

TEST_CASE("a data breakpoint traps after the access") {
  M m;
  m.code({0xa1, 0x00, 0x60, 0, 0, 0xa3, 0x02, 0x60, 0, 0, 0x40});  // mov eax,[6000]; mov [6002],eax; inc eax
  m.cpu.state.dr[1] = 0x6004;
  m.cpu.state.dr[7] = debug::kDr7Fixed | (1 << 2) | (1 << 20);  // L1, write, one byte
  m.cpu.adopt();
  run_to_debug(m);
  REQUIRE(m.stacked(0) == M::kCode + 10);
  REQUIRE((m.cpu.state.dr[6] & 0xf) == 2);
}

TEST_CASE("a debug trap due at MOV SS waits for the next instruction") {
  M m;
  m.put(0x6000, M::data_of(0));
  m.code({0x8e, 0x15, 0x00, 0x60, 0, 0, 0x90, 0x90});  // mov ss,[6000]; nop; nop
  m.cpu.state.dr[2] = 0x6000;
  m.cpu.state.dr[7] = debug::kDr7Fixed | (1 << 4) | (0xf << 24);  // L2, read or write, four bytes
  m.cpu.adopt();
  run_to_debug(m);
  REQUIRE(m.stacked(0) == M::kCode + 7);
  REQUIRE((m.cpu.state.dr[6] & 0xf) == 4);
}

TEST_CASE("an access to a debug register under general detect faults and clears GD") {
  M m;
  m.code({0x0f, 0x21, 0xc0});  // mov eax,dr0
  m.cpu.state.dr[7] = debug::kDr7Fixed | debug::kGeneralDetect;
  m.cpu.adopt();
  run_to_debug(m);
  REQUIRE(m.stacked(0) == M::kCode);
  REQUIRE((m.cpu.state.dr[6] & debug::kRegisterAccess) != 0);
  REQUIRE((m.cpu.state.dr[7] & debug::kGeneralDetect) == 0);
}

TEST_CASE("DR4 and DR5 are DR6 and DR7 until CR4.DE makes them undefined") {
  M m;
  m.code({0x0f, 0x21, 0xe0, 0xf4});  // mov eax,dr4; hlt
  m.interpreter.run(2);
  REQUIRE(m.cpu.state.gpr[isa::kEax] == debug::kDr6Fixed);
  m.cpu.state.activity = Activity::kRunning;
  m.cpu.state.cr4 |= cr4::kDe;
  m.cpu.state.eip = M::kCode;
  m.code({0xf4}, M::handler(6));
  m.interpreter.run(5);
  REQUIRE(m.cpu.state.eip == M::handler(6) + 1);
}

TEST_CASE("a task with its T flag set traps before its first instruction") {
  M m;
  m.put(M::kOtherTss + 0x20, 0x30000);
  m.put(M::kOtherTss + 0x24, eflag::kAlwaysOne);
  m.put(M::kOtherTss + 0x38, 0x9000);
  for (u32 i = 0; i < 6; ++i) m.put(M::kOtherTss + 0x48 + 4 * i, i == isa::kCs ? M::code_of(0) : M::data_of(0));
  m.put(M::kOtherTss + 0x64, 1);
  m.code({0xea, 0, 0, 0, 0, M::kOtherTssSelector, 0});  // ljmp
  run_to_debug(m);
  REQUIRE(m.stacked(0) == 0x30000);
  REQUIRE((m.cpu.state.dr[6] & debug::kTaskSwitch) != 0);
}
