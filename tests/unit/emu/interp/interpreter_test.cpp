#include <catch2/catch.hpp>

#include "flat_machine.hpp"

using namespace paemu;
using testing::FlatMachine;

TEST_CASE("run executes exactly as many instructions as it is asked for") {
  // 1: inc eax; inc ecx; inc edx; jmp 1b
  FlatMachine m;
  m.code({0x40, 0x41, 0x42, 0xeb, 0xfb});
  m.gpr(isa::kEdx) = 0;
  m.interpreter.run(10);
  CHECK(m.clock.retired == 10);
  CHECK(m.gpr(isa::kEax) == 3);
  CHECK(m.gpr(isa::kEcx) == 3);
  CHECK(m.gpr(isa::kEdx) == 2);
  CHECK(m.cpu.state.eip == FlatMachine::kCode + 2);
  m.interpreter.run(1);
  CHECK(m.gpr(isa::kEdx) == 3);
}

TEST_CASE("the result does not depend on where slices end") {
  // A loop with a call, memory and flags: see the comments on the bytes.
  const std::initializer_list<u8> program = {
      0xb9, 0x10, 0x00, 0x00, 0x00,        // mov ecx, 16
      0xe8, 0x0a, 0x00, 0x00, 0x00,        // 5: call 20
      0x11, 0xc8,                          // adc eax, ecx
      0x49,                                // dec ecx
      0x75, 0xf6,                          // jnz 5
      0xeb, 0xfe,                          // jmp .
      0x90, 0x90, 0x90, 0xf7, 0xd0,        // 20: not eax
      0x31, 0x05, 0x00, 0x00, 0x20, 0x00,  // xor [0x200000], eax
      0xd1, 0xc0,                          // rol eax, 1
      0xc3,                                // ret
  };
  FlatMachine whole;
  whole.code(program);
  whole.interpreter.run(300);
  for (u64 slice = 1; slice < 12; ++slice) {
    FlatMachine sliced;
    sliced.code(program);
    while (sliced.clock.retired < 300) sliced.interpreter.run(std::min<u64>(slice, 300 - sliced.clock.retired));
    CHECK(sliced.clock.retired == 300);
    CHECK(sliced.cpu.state.eip == whole.cpu.state.eip);
    CHECK(sliced.cpu.state.eflags == whole.cpu.state.eflags);
    for (u32 n = 0; n < 8; ++n) CHECK(sliced.gpr(n) == whole.gpr(n));
    CHECK(sliced.dword(0x200000) == whole.dword(0x200000));
  }
}

TEST_CASE("a repeated string instruction counts once an iteration and stops within a slice") {
  FlatMachine m;
  m.code({0xf3, 0xaa, 0xeb, 0xfe});  // rep stosb; jmp .
  m.gpr(isa::kEax) = 0x5a;
  m.gpr(isa::kEdi) = 0x200ffe;
  m.gpr(isa::kEcx) = 100000;
  m.interpreter.run(7);
  CHECK(m.gpr(isa::kEcx) == 100000 - 7);
  CHECK(m.cpu.state.eip == FlatMachine::kCode);
  CHECK(m.dword(0x201000) == 0x5a5a5a5a);
  CHECK(m.dword(0x201004) == 0x0000005a);
  m.interpreter.run(100000 - 7);
  CHECK(m.gpr(isa::kEcx) == 0);
  CHECK(m.cpu.state.eip == FlatMachine::kCode + 2);
  CHECK(m.clock.retired == 100000);
}

TEST_CASE("a store to the next instruction takes effect before it runs") {
  FlatMachine m;
  // mov byte [next], 0x41; next: inc eax -> inc ecx; jmp .
  m.code({0xc6, 0x05, 0x07, 0x00, 0x10, 0x00, 0x41, 0x40, 0xeb, 0xfe});
  m.interpreter.run(5);
  CHECK(m.gpr(isa::kEax) == 0);
  CHECK(m.gpr(isa::kEcx) == 1);
}

TEST_CASE("code that was written by a device runs as written") {
  FlatMachine m;
  m.code({0x40, 0xeb, 0xfd});  // 1: inc eax; jmp 1b
  m.interpreter.run(10);
  CHECK(m.gpr(isa::kEax) == 5);
  m.code({0x41});
  m.interpreter.run(10);
  CHECK(m.gpr(isa::kEax) == 5);
  CHECK(m.gpr(isa::kEcx) == 5);
}

TEST_CASE("an instruction that crosses a page sees both pages' changes") {
  FlatMachine m;
  // mov eax, imm32 with the last two bytes on the next page; jmp back
  m.load(0x100ffd, std::initializer_list<u8>{0xb8, 0x11, 0x22, 0x33, 0x44, 0xeb, 0xf9});
  m.cpu.state.eip = 0x100ffd;
  m.interpreter.run(2);
  CHECK(m.gpr(isa::kEax) == 0x44332211);
  m.load(0x101000, std::initializer_list<u8>{0x77});
  m.interpreter.run(2);
  CHECK(m.gpr(isa::kEax) == 0x44772211);
}

TEST_CASE("a guest without an interrupt table shuts down and does not hang") {
  FlatMachine m;
  m.cpu.state.idtr.limit = 0;
  m.code({0x0f, 0x0b});  // ud2
  m.interpreter.run(1000);
  CHECK(m.cpu.state.activity == Activity::kShutdown);
}

TEST_CASE("an undefined encoding is named once on the log") {
  FlatMachine m;
  m.cpu.state.idtr.limit = 0;
  m.code({0x0f, 0x04});
  m.interpreter.run(1000);
  REQUIRE(m.log.lines.size() >= 1);
  CHECK(m.log.lines[0].find("undefined instruction at 0008:00100000: 0f 04") != std::string::npos);
}
