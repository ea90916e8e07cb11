#include "cpu/msr.hpp"
#include "system_machine.hpp"

using namespace paemu;
using namespace paemu::testing;

namespace {

using M = SystemMachine;

// Runs `code` at ring 0 with EAX; true when it ended in HLT behind it, false when in the handler of `vector`.
bool runs(M& m, std::initializer_list<u8> code, u32 eax, Vector vector = Vector::kGeneralProtection) {
  m.at_ring(0);
  m.cpu.state.activity = Activity::kRunning;
  m.code(code);
  m.code({0xf4}, M::kCode + static_cast<u32>(code.size()));
  const u32 handler = M::handler(static_cast<u32>(vector));
  m.code({0xf4}, handler);
  m.cpu.state.gpr[isa::kEax] = eax;
  m.interpreter.run(20);
  REQUIRE(m.cpu.state.activity == Activity::kHalted);
  if (m.cpu.state.eip == M::kCode + code.size() + 1) return true;
  REQUIRE(m.cpu.state.eip == handler + 1);
  return false;
}

constexpr std::initializer_list<u8> kMovCr0 = {0x0f, 0x22, 0xc0}, kMovCr3 = {0x0f, 0x22, 0xd8},
                                    kMovCr4 = {0x0f, 0x22, 0xe0};

}  // namespace

TEST_CASE("CR0 refuses paging without protection and NW without CD") {
  M m;
  REQUIRE_FALSE(runs(m, kMovCr0, cr0::kPaging));
  REQUIRE_FALSE(runs(m, kMovCr0, cr0::kProtection | cr0::kNotWriteThrough));
  REQUIRE(runs(m, kMovCr0, cr0::kProtection | cr0::kNotWriteThrough | cr0::kCacheDisable));
  REQUIRE(m.cpu.state.cr0 == (cr0::kProtection | cr0::kNotWriteThrough | cr0::kCacheDisable | cr0::kExtensionType));
}

TEST_CASE("CR4 refuses bits that the model does not have") {
  M m;
  REQUIRE(runs(m, kMovCr4, cr4::kPae | cr4::kPge | cr4::kOsfxsr));
  REQUIRE_FALSE(runs(m, kMovCr4, 1u << 13));
  REQUIRE_FALSE(runs(m, kMovCr4, 1u << 11));
  REQUIRE(m.cpu.state.cr4 == (cr4::kPae | cr4::kPge | cr4::kOsfxsr));
}

TEST_CASE("CR1, CR5 and above are undefined") {
  M m;
  REQUIRE_FALSE(runs(m, {0x0f, 0x22, 0xc8}, 0, Vector::kInvalidOpcode));
  REQUIRE_FALSE(runs(m, {0x0f, 0x20, 0xe8}, 0, Vector::kInvalidOpcode));
}

TEST_CASE("with PAE a move to CR3 loads the four pointers and refuses reserved bits") {
  M m;
  constexpr u32 kPdpt = 0x100000, kDirectory = 0x101000, kBad = 0x100020;
  for (u32 i = 0; i < 4; ++i) m.put(kPdpt + 8 * i, kDirectory | 1);
  m.put(kBad, kDirectory | 3);
  for (u32 i = 0; i < 8; ++i) m.put(kDirectory + 8 * i, (i * 0x200000) | 0x87);  // 2-MiB pages, identity
  m.cpu.state.cr3 = kPdpt;
  m.cpu.state.cr4 = cr4::kPae;
  REQUIRE(runs(m, kMovCr0, cr0::kProtection | cr0::kPaging));
  REQUIRE(m.cpu.state.pdpte[2] == (kDirectory | 1));
  REQUIRE_FALSE(runs(m, kMovCr3, kBad));
  REQUIRE(m.cpu.state.cr3 == kPdpt);
  REQUIRE(runs(m, kMovCr3, kPdpt));
}

TEST_CASE("system instructions are for ring 0") {
  for (const std::initializer_list<u8> code : std::initializer_list<std::initializer_list<u8>>{{0x0f, 0x20, 0xc0},
                                                                                               {0x0f, 0x22, 0xd8},
                                                                                               {0x0f, 0x21, 0xc0},
                                                                                               {0x0f, 0x06},
                                                                                               {0xf4},
                                                                                               {0x0f, 0x09},
                                                                                               {0x0f, 0x01, 0x38},
                                                                                               {0x0f, 0x32},
                                                                                               {0x0f, 0x30},
                                                                                               {0x0f, 0x01, 0x10},
                                                                                               {0x0f, 0x00, 0xd8},
                                                                                               {0xfa}}) {
    M m;
    m.at_ring(3);
    m.code(code);
    m.code({0xf4}, M::handler(13));
    m.interpreter.run(5);
    REQUIRE(m.cpu.state.eip == M::handler(13) + 1);
    REQUIRE(m.stacked(0) == 0);
  }
}

TEST_CASE("table registers and the task register need protected mode") {
  M m;
  m.at_virtual8086(3);
  m.code({0x0f, 0x00, 0xc8});  // str ax
  m.code({0xf4}, M::handler(6));
  m.interpreter.run(5);
  REQUIRE(m.cpu.state.eip == M::handler(6) + 1);
}

TEST_CASE("LAR and LSL tell of a visible descriptor and clear ZF for others") {
  M m;
  m.put(0x6000, M::data_of(3));
  REQUIRE(runs(m, {0x0f, 0x02, 0xc8}, M::data_of(3)));  // lar ecx,eax
  REQUIRE((m.cpu.flags() & eflag::kZero) != 0);
  REQUIRE((m.cpu.state.gpr[isa::kEcx] & 0xff00) == 0xf200);
  REQUIRE(runs(m, {0x0f, 0x03, 0xc8}, M::data_of(3)));  // lsl ecx,eax
  REQUIRE(m.cpu.state.gpr[isa::kEcx] == ~0u);
  REQUIRE(runs(m, {0x0f, 0x03, 0xc8}, 0x1000));  // beyond the table
  REQUIRE((m.cpu.flags() & eflag::kZero) == 0);
  REQUIRE(runs(m, {0x0f, 0x03, 0xc8}, M::data_of(0) | 3));  // hidden from RPL 3
  REQUIRE((m.cpu.flags() & eflag::kZero) == 0);
}

TEST_CASE("LGDT with 16-bit operands loads 24 bits of base") {
  M m;
  m.put(0x6000, 0x56780077);
  m.put(0x6004, 0x1234);
  m.put(M::kGdt - 4, 0);
  m.cpu.state.gpr[isa::kEbx] = 0;
  const DescriptorTable gdt = m.cpu.state.idtr;
  REQUIRE(runs(m, {0x66, 0x0f, 0x01, 0x1d, 0x00, 0x60, 0, 0}, 0));  // o16 lidt [6000]
  REQUIRE(m.cpu.state.idtr.base == 0x345678);
  REQUIRE(m.cpu.state.idtr.limit == 0x77);
  m.cpu.state.idtr = gdt;
}

TEST_CASE("RDTSC counts retired instructions and TSD keeps it for ring 0") {
  M m;
  REQUIRE(runs(m, {0x90, 0x90, 0x0f, 0x31}, 0));
  REQUIRE(m.cpu.state.gpr[isa::kEax] == 2);
  m.cpu.state.cr4 |= cr4::kTsd;
  m.at_ring(3);
  m.cpu.state.activity = Activity::kRunning;
  m.code({0x0f, 0x31});
  m.interpreter.run(5);
  REQUIRE(m.cpu.state.eip == M::handler(13) + 1);
}

TEST_CASE("model-specific registers refuse reserved bits and unknown numbers") {
  M m;
  u64 v = 0;
  REQUIRE(write_msr(m.cpu, 0x10, 1000) == MsrAccess::kDone);
  REQUIRE(read_msr(m.cpu, 0x10, v) == MsrAccess::kDone);
  REQUIRE(v == 1000);
  REQUIRE(write_msr(m.cpu, 0xc0000080, efer::kNoExecute) == MsrAccess::kDone);
  REQUIRE(write_msr(m.cpu, 0xc0000080, 1 << 8) != MsrAccess::kDone);   // long mode
  REQUIRE(write_msr(m.cpu, 0x277, 0x02) != MsrAccess::kDone);          // a reserved memory type
  REQUIRE(write_msr(m.cpu, 0x201, u64{1} << 36) != MsrAccess::kDone);  // beyond the physical width
  REQUIRE(write_msr(m.cpu, 0x201, 0xfc0000800) == MsrAccess::kDone);
  REQUIRE(read_msr(m.cpu, 0x201, v) == MsrAccess::kDone);
  REQUIRE(v == 0xfc0000800);
  REQUIRE(read_msr(m.cpu, 0x12345, v) != MsrAccess::kDone);
  REQUIRE(write_msr(m.cpu, 0xfe, 0) != MsrAccess::kDone);  // read-only
}

TEST_CASE("a protection switch by LMSW works and does not switch back") {
  M m;
  REQUIRE(runs(m, {0x0f, 0x01, 0xf0}, 0x0e));  // lmsw ax
  REQUIRE((m.cpu.state.cr0 & 0xf) == 0xf);
}

TEST_CASE("POPF changes IF only within IOPL and IOPL only at ring 0") {
  for (u32 iopl : {0u, 3u}) {
    M m;
    m.cpu.state.eflags = eflag::kAlwaysOne | (iopl << eflag::kIoplShift);
    m.at_ring(3);
    m.code({0x9d, 0x90});
    m.push(eflag::kAlwaysOne | eflag::kInterrupt | ((iopl ^ 3) << eflag::kIoplShift) | eflag::kId);
    m.interpreter.run(1);
    REQUIRE(((m.cpu.flags() & eflag::kInterrupt) != 0) == (iopl == 3));
    REQUIRE(m.cpu.iopl() == iopl);
    REQUIRE((m.cpu.flags() & eflag::kId) != 0);
  }
}
