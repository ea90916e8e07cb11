// Decoded code follows what is in memory and how it is mapped.
#include <catch2/catch.hpp>

#include "flat_machine.hpp"

using namespace paemu;
using testing::FlatMachine;

namespace {

constexpr u32 kDirectory = 0x10000, kTable = 0x11000;

// 4-KiB pages, identity but for what map() changes.
void enable_paging(FlatMachine& m) {
  for (u32 n = 0; n < 1024; ++n) {
    const u32 entry = (n << 22) | 0x87;
    m.memory.write(GuestPhys{kDirectory + n * 4}, {reinterpret_cast<const u8*>(&entry), 4});
  }
  const u32 second = kTable | 7;
  m.memory.write(GuestPhys{kDirectory + 4}, {reinterpret_cast<const u8*>(&second), 4});
  for (u32 n = 0; n < 1024; ++n) {
    const u32 entry = (0x400000 + (n << 12)) | 7;
    m.memory.write(GuestPhys{kTable + n * 4}, {reinterpret_cast<const u8*>(&entry), 4});
  }
  m.cpu.state.cr3 = kDirectory;
  m.cpu.state.cr4 = cr4::kPse;
  m.cpu.state.cr0 |= cr0::kPaging;
  m.cpu.adopt();
}

}  // namespace

TEST_CASE("data beside code can be written without a change to what runs") {
  FlatMachine m;
  // 1: inc dword [0x100100]; dec ecx; jnz 1b; jmp .
  m.code({0xff, 0x05, 0x00, 0x01, 0x10, 0x00, 0x49, 0x75, 0xf7, 0xeb, 0xfe});
  m.gpr(isa::kEcx) = 1000;
  m.interpreter.run(3000);
  CHECK(m.dword(0x100100) == 1000);
  CHECK(m.gpr(isa::kEcx) == 0);
}

TEST_CASE("a loop that rewrites an immediate of its own runs with the new one each time") {
  FlatMachine m;
  // 1: add eax, imm32 (at +1); inc dword [0x100001]; dec ecx; jnz 1b; jmp .
  m.code({0x05, 0, 0, 0, 0, 0xff, 0x05, 0x01, 0x00, 0x10, 0x00, 0x49, 0x75, 0xf2, 0xeb, 0xfe});
  m.gpr(isa::kEcx) = 100;
  m.interpreter.run(400);
  CHECK(m.gpr(isa::kEax) == 99 * 100 / 2);
}

TEST_CASE("links within a page are forgotten when their target is rewritten") {
  FlatMachine m;
  // 0: jmp 0x80; 0x80: inc eax; jmp 0; the target far enough to be in lines of its own
  m.load(0x100000, std::initializer_list<u8>{0xe9, 0x7b, 0, 0, 0});
  m.load(0x100080, std::initializer_list<u8>{0x40, 0xe9, 0x7a, 0xff, 0xff, 0xff});
  m.interpreter.run(30);
  CHECK(m.gpr(isa::kEax) == 10);
  m.load(0x100080, std::initializer_list<u8>{0x41});
  m.gpr(isa::kEcx) = 0;
  m.interpreter.run(30);
  CHECK(m.gpr(isa::kEax) == 10);
  CHECK(m.gpr(isa::kEcx) == 10);
}

TEST_CASE("calls between pages follow a new mapping once its translation is flushed") {
  FlatMachine m;
  enable_paging(m);
  m.load(0x401000, std::initializer_list<u8>{0x40, 0xc3});  // inc eax; ret
  m.load(0x402000, std::initializer_list<u8>{0x43, 0xc3});  // inc ebx; ret
  m.gpr(isa::kEdi) = kTable + 4;
  m.gpr(isa::kEdx) = 0x402007;
  // mov ecx, 5; 1: call 0x401000; loop 1b; mov [edi], edx; invlpg [0x401000]; mov ecx, 5; 2: call 0x401000; loop 2b;
  // jmp .
  m.code({0xb9, 5,    0,    0,    0, 0xe8, 0xf6, 0x0f, 0x30, 0x00, 0xe2, 0xf9, 0x89, 0x17, 0x0f, 0x01, 0x3d, 0x00,
          0x10, 0x40, 0x00, 0xb9, 5, 0,    0,    0,    0xe8, 0xe1, 0x0f, 0x30, 0x00, 0xe2, 0xf9, 0xeb, 0xfe});
  m.gpr(isa::kEax) = m.gpr(isa::kEbx) = 0;
  m.interpreter.run(100);
  CHECK(m.gpr(isa::kEax) == 5);
  CHECK(m.gpr(isa::kEbx) == 5);
}

TEST_CASE("code that runs off its page goes on in what is mapped there now") {
  const bool flat = GENERATE(true, false);
  FlatMachine m;
  enable_paging(m);
  if (!flat) m.cpu.state.segment[isa::kEs].limit = 0x7fffffff;
  m.cpu.adopt();
  m.load(0x401ffe, std::initializer_list<u8>{0x40, 0x40, 0x43, 0xc3});  // inc eax; inc eax; inc ebx; ret
  m.load(0x403000, std::initializer_list<u8>{0x46, 0xc3});              // inc esi; ret
  m.gpr(isa::kEdi) = kTable + 8;
  m.gpr(isa::kEdx) = 0x403007;
  // mov ecx, 5; 1: call 0x401ffe; loop 1b; mov [edi], edx; invlpg [0x402000]; mov ecx, 5; 2: call 0x401ffe; loop 2b;
  // jmp .
  m.code({0xb9, 5,    0,    0,    0, 0xe8, 0xf4, 0x1f, 0x30, 0x00, 0xe2, 0xf9, 0x89, 0x17, 0x0f, 0x01, 0x3d, 0x00,
          0x20, 0x40, 0x00, 0xb9, 5, 0,    0,    0,    0xe8, 0xdf, 0x1f, 0x30, 0x00, 0xe2, 0xf9, 0xeb, 0xfe});
  m.gpr(isa::kEax) = m.gpr(isa::kEbx) = m.gpr(isa::kEsi) = 0;
  m.interpreter.run(100);
  CHECK(m.gpr(isa::kEax) == 20);
  CHECK(m.gpr(isa::kEbx) == 5);
  CHECK(m.gpr(isa::kEsi) == 5);
}

TEST_CASE("a jump is not linked to where the processor was put in between") {
  FlatMachine m;
  m.code({0xeb, 0x0e});                                                     // jmp 0x100010
  m.load(FlatMachine::kCode + 0x10, std::initializer_list<u8>{0x40, 0xeb, 0xfe});  // inc eax; jmp .
  m.load(FlatMachine::kCode + 0x20, std::initializer_list<u8>{0x43, 0xeb, 0xfe});  // inc ebx; jmp .
  m.gpr(isa::kEax) = m.gpr(isa::kEbx) = 0;
  m.interpreter.run(1);
  m.cpu.state.eip = FlatMachine::kCode + 0x20;  // as a reset does
  m.interpreter.run(4);
  m.cpu.state.eip = FlatMachine::kCode;
  m.interpreter.run(4);
  CHECK(m.gpr(isa::kEax) == 1);
  CHECK(m.gpr(isa::kEbx) == 1);
}

TEST_CASE("one page of code at two addresses runs at both, and a write through one is seen through the other") {
  FlatMachine m;
  enable_paging(m);
  const u32 alias = 0x401007;
  m.memory.write(GuestPhys{kTable + 8}, {reinterpret_cast<const u8*>(&alias), 4});  // 0x402000 -> 0x401000
  m.cpu.adopt();
  m.load(0x401000, std::initializer_list<u8>{0x40, 0xc3});
  // call 0x401000; call 0x402000; mov byte [0x402000], 0x43; call 0x401000; jmp .
  m.code({0xe8, 0xfb, 0x0f, 0x30, 0x00, 0xe8, 0xf6, 0x1f, 0x30, 0x00, 0xc6, 0x05,
          0x00, 0x20, 0x40, 0x00, 0x43, 0xe8, 0xea, 0x0f, 0x30, 0x00, 0xeb, 0xfe});
  m.gpr(isa::kEax) = m.gpr(isa::kEbx) = 0;
  m.interpreter.run(30);
  CHECK(m.gpr(isa::kEax) == 2);
  CHECK(m.gpr(isa::kEbx) == 1);
}

TEST_CASE("code in a DIMM that was taken away is not run any more") {
  FlatMachine m;
  DimmSpec spec;
  spec.id = "dimm1";
  spec.base = GuestPhys{0x8000000};
  spec.size = 128 * kMiB;
  REQUIRE(m.memory.insert(spec).ok());
  m.load(0x8000000, std::initializer_list<u8>{0x40, 0xeb, 0xfd});
  m.cpu.state.eip = 0x8000000;
  m.cpu.state.idtr.limit = 0;
  m.interpreter.run(10);
  CHECK(m.gpr(isa::kEax) == 5);
  REQUIRE(m.memory.remove("dimm1").ok());
  m.interpreter.run(10);
  CHECK(m.gpr(isa::kEax) == 5);
  CHECK(m.cpu.state.activity == Activity::kShutdown);  // ff ff is undefined
}

TEST_CASE("an undefined instruction is decoded anew when only its ModRM byte changes") {
  FlatMachine m;
  // The ModRM byte lies in the next 64 bytes, so that nothing but the decoder says that it was looked at.
  constexpr u32 kAt = FlatMachine::kCode + 63;
  m.load(kAt, std::initializer_list<u8>{0xff, 0xff});  // /7 is undefined
  m.cpu.state.eip = kAt;
  m.interpreter.run(1);
  CHECK(m.cpu.state.activity == Activity::kShutdown);  // there are no handlers
  m.load(kAt + 1, std::initializer_list<u8>{0xc0});    // inc eax
  m.cpu.state.activity = Activity::kRunning;
  m.cpu.state.eip = kAt;
  m.interpreter.run(1);
  CHECK(m.gpr(isa::kEax) == 1);
}

TEST_CASE("a loop in a 16-bit segment stops at a limit that came after it was linked") {
  FlatMachine m;
  Segment& cs = m.cpu.state.segment[isa::kCs];
  cs = Segment{0x08, 0x009b, FlatMachine::kCode, 0xffff};
  m.cpu.state.eip = 0;
  m.cpu.adopt();
  // 0: jmp 4; 4: inc ax; inc ax; jmp 0
  m.code({0xeb, 0x02, 0x90, 0x90, 0x40, 0x40, 0xeb, 0xf8});
  m.interpreter.run(400);
  CHECK(m.gpr(isa::kEax) == 200);
  cs.limit = 5;  // the jump back is beyond it
  m.cpu.update_mode();
  m.interpreter.run(400);
  CHECK(m.gpr(isa::kEax) == 202);
  CHECK(m.cpu.state.activity == Activity::kShutdown);  // #GP, and there are no handlers
}

TEST_CASE("a loop across the end of a 16-bit segment wraps each time round") {
  FlatMachine m;
  m.cpu.state.segment[isa::kCs] = Segment{0x08, 0x009b, FlatMachine::kCode, 0xffff};
  m.cpu.state.eip = 0xfff0;
  m.cpu.adopt();
  // fff0: inc ax; jmp 0; 0: jmp fff0
  m.load(FlatMachine::kCode + 0xfff0, std::initializer_list<u8>{0x40, 0xeb, 0x0d});
  m.load(FlatMachine::kCode, std::initializer_list<u8>{0xeb, 0xee});
  m.interpreter.run(300);
  CHECK(m.gpr(isa::kEax) == 100);
}
