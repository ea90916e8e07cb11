// SSE arithmetic under the guest's MXCSR, and what MMX does to the x87 registers.
#include <catch2/catch.hpp>
#include <cstring>

#include "../interp/flat_machine.hpp"

using namespace paemu;
using testing::FlatMachine;

namespace {

constexpr u32 kHandler = 0x7000, kIdt = 0x6000, kData = 0x5000, kTarget = 0x4000;

// A machine with SSE on, whose exceptions n go to kHandler + n.
class SimdMachine : public FlatMachine {
 public:
  SimdMachine() {
    cpu.state.cr0 |= cr0::kNumericError;
    cpu.state.cr4 = cr4::kOsfxsr | cr4::kOsxmmexcpt;
    cpu.state.idtr = DescriptorTable{kIdt, 0x7ff};
    cpu.state.gdtr = DescriptorTable{0x1000, 0x1f};
    const u8 segments[16] = {0xff, 0xff, 0, 0, 0, 0x9b, 0xcf, 0, 0xff, 0xff, 0, 0, 0, 0x93, 0xcf, 0};
    load(0x1008, segments);
    for (u32 v = 0; v < 32; ++v) {
      const u32 to = kHandler + v;
      const u8 gate[8] = {static_cast<u8>(to), static_cast<u8>(to >> 8), 8, 0, 0, 0x8e, 0, 0};
      load(kIdt + v * 8, gate);
    }
    cpu.adopt();
  }
  void xmm(u32 n, float a, float b, float c, float d) {
    const float lanes[4] = {a, b, c, d};
    std::memcpy(cpu.state.fpu.xmm[n], lanes, 16);
  }
  void bits(u32 n, u32 lane, u32 value) { std::memcpy(cpu.state.fpu.xmm[n] + lane * 4, &value, 4); }
  u32 bits(u32 n, u32 lane) const {
    u32 v;
    std::memcpy(&v, cpu.state.fpu.xmm[n] + lane * 4, 4);
    return v;
  }
  float lane(u32 n, u32 at) const {
    float v;
    std::memcpy(&v, cpu.state.fpu.xmm[n] + at * 4, 4);
    return v;
  }
  void run(std::initializer_list<u8> bytes, u64 count = 1) {
    cpu.state.eip = kCode;
    code(bytes);
    interpreter.run(count);
  }
  // The vector of the exception that the instruction raised, or -1.
  int fault_of(std::initializer_list<u8> bytes) {
    run(bytes);
    const u32 at = cpu.state.eip - kHandler;
    return at < 32 ? static_cast<int>(at) : -1;
  }
  u32 mxcsr() const { return cpu.state.fpu.mxcsr; }
};

}  // namespace

TEST_CASE("ADDPS adds each lane and ADDSS the lowest only") {
  SimdMachine m;
  m.xmm(0, 1, 2, 3, 4);
  m.xmm(1, 10, 20, 30, 40);
  m.run({0x0f, 0x58, 0xc1});
  CHECK(m.lane(0, 0) == 11);
  CHECK(m.lane(0, 3) == 44);
  m.run({0xf3, 0x0f, 0x58, 0xc1});
  CHECK(m.lane(0, 0) == 21);
  CHECK(m.lane(0, 1) == 22);
}

TEST_CASE("the guest's rounding applies, and an inexact result is noted") {
  SimdMachine m;
  m.xmm(0, 1, 0, 0, 0);
  m.xmm(1, 3, 1, 1, 1);
  m.run({0x0f, 0x5e, 0xc1});
  CHECK(m.bits(0, 0) == 0x3eaaaaab);  // 1/3, to nearest
  CHECK(m.mxcsr() == 0x1fa0);         // PE
  m.cpu.state.fpu.mxcsr = 0x1f80 | 3u << 13;
  m.xmm(0, 1, 0, 0, 0);
  m.run({0x0f, 0x5e, 0xc1});
  CHECK(m.bits(0, 0) == 0x3eaaaaaa);  // toward zero
}

TEST_CASE("an unmasked SSE exception raises #XM and leaves the target, without OSXMMEXCPT #UD") {
  SimdMachine m;
  m.cpu.state.fpu.mxcsr = 0x1f80 & ~(1u << 9);  // divide by zero
  m.xmm(0, 5, 1, 1, 1);
  m.xmm(1, 0, 1, 1, 1);
  CHECK(m.fault_of({0x0f, 0x5e, 0xc1}) == 19);
  CHECK(m.lane(0, 0) == 5);
  CHECK((m.mxcsr() & 0x3f) == 4);
  m.cpu.state.cr4 &= ~cr4::kOsxmmexcpt;
  CHECK(m.fault_of({0x0f, 0x5e, 0xc1}) == 6);
}

TEST_CASE("unmasked underflow is raised by a tiny result though it is exact") {
  SimdMachine m;
  m.bits(0, 0, 0x00800000);  // the smallest normal number
  m.xmm(1, 0.5f, 0, 0, 0);
  m.run({0xf3, 0x0f, 0x59, 0xc1});
  CHECK(m.bits(0, 0) == 0x00400000);
  CHECK(m.mxcsr() == 0x1f80);  // masked and exact: nothing is noted
  m.cpu.state.fpu.mxcsr = 0x1f80 & ~(1u << 11);
  m.bits(0, 0, 0x00800000);
  CHECK(m.fault_of({0xf3, 0x0f, 0x59, 0xc1}) == 19);
  CHECK((m.mxcsr() & 0x3f) == 0x10);
}

TEST_CASE("denormals-are-zero and flush-to-zero are the guest's") {
  SimdMachine m;
  m.cpu.state.fpu.mxcsr = 0x1f80 | 1u << 6;
  m.bits(0, 0, 1);
  m.xmm(1, 1, 0, 0, 0);
  m.run({0xf3, 0x0f, 0x59, 0xc1});
  CHECK(m.bits(0, 0) == 0);
  CHECK(m.mxcsr() == (0x1f80 | 1u << 6));
  m.cpu.state.fpu.mxcsr = 0x1f80 | 1u << 15;
  m.bits(0, 0, 0x00800001);
  m.xmm(1, 0.5f, 0, 0, 0);
  m.run({0xf3, 0x0f, 0x59, 0xc1});
  CHECK(m.bits(0, 0) == 0);
  CHECK((m.mxcsr() & 0x3f) == 0x30);  // UE and PE
}

TEST_CASE("CMPPS makes masks by its predicate and COMISS sets flags") {
  SimdMachine m;
  m.xmm(0, 1, 2, 3, 4);
  m.xmm(1, 2, 2, 2, 2);
  m.run({0x0f, 0xc2, 0xc1, 1});  // less than
  CHECK(m.bits(0, 0) == 0xffffffff);
  CHECK(m.bits(0, 1) == 0);
  m.xmm(0, 1, 0, 0, 0);
  m.run({0x0f, 0x2f, 0xc1});
  CHECK((m.cpu.state.eflags & eflag::kArithmetic) == eflag::kCarry);
  m.bits(0, 0, 0x7fc00000);  // a quiet NaN: unordered, and COMISS says invalid where UCOMISS does not
  m.run({0x0f, 0x2e, 0xc1});
  CHECK((m.cpu.state.eflags & eflag::kArithmetic) == (eflag::kCarry | eflag::kParity | eflag::kZero));
  CHECK((m.mxcsr() & 1) == 0);
  m.run({0x0f, 0x2f, 0xc1});
  CHECK((m.mxcsr() & 1) == 1);
}

TEST_CASE("conversions round by MXCSR or truncate, and give the indefinite integer when they cannot") {
  SimdMachine m;
  m.xmm(1, 2.75f, 0, 0, 0);
  m.run({0xf3, 0x0f, 0x2d, 0xc1});
  CHECK(m.gpr(0) == 3);
  m.run({0xf3, 0x0f, 0x2c, 0xc1});
  CHECK(m.gpr(0) == 2);
  m.xmm(1, 1e30f, 0, 0, 0);
  m.run({0xf3, 0x0f, 0x2c, 0xc1});
  CHECK(m.gpr(0) == 0x80000000);
  m.gpr(0) = static_cast<u32>(-7);
  m.xmm(2, 9, 9, 9, 9);
  m.run({0xf3, 0x0f, 0x2a, 0xd0});
  CHECK(m.lane(2, 0) == -7);
  CHECK(m.lane(2, 1) == 9);
}

TEST_CASE("RCPPS and RSQRTPS are exact to 12 bits, and zero, infinite or not numbers as the manual says") {
  SimdMachine m;
  m.xmm(1, 3, 4, 0, 1e38f);
  m.run({0x0f, 0x53, 0xc1});
  CHECK(m.bits(0, 0) == 0x3eaab000);
  CHECK(m.lane(0, 1) == 0.25f);
  CHECK(m.bits(0, 2) == 0x7f800000);
  CHECK(m.bits(0, 3) == 0);
  m.xmm(1, 4, -1, -0.0f, 16);
  m.run({0x0f, 0x52, 0xc1});
  CHECK(m.lane(0, 0) == 0.5f);
  CHECK(m.bits(0, 1) == 0xffc00000);
  CHECK(m.bits(0, 2) == 0xff800000);
  CHECK(m.lane(0, 3) == 0.25f);
  CHECK(m.mxcsr() == 0x1f80);
}

TEST_CASE("a 128-bit operand off its boundary raises #GP, a scalar one does not") {
  SimdMachine m;
  m.gpr(3) = kData + 4;
  CHECK(m.fault_of({0x0f, 0x58, 0x03}) == 13);
  CHECK(m.fault_of({0xf3, 0x0f, 0x58, 0x03}) == -1);
}

TEST_CASE("SSE without CR4.OSFXSR raises #UD and with CR0.TS #NM") {
  SimdMachine m;
  m.cpu.state.cr0 |= cr0::kTaskSwitched;
  CHECK(m.fault_of({0x0f, 0x58, 0xc1}) == 7);
  m.cpu.state.cr4 = 0;
  CHECK(m.fault_of({0x0f, 0x58, 0xc1}) == 6);
}

TEST_CASE("an MMX instruction marks all x87 registers as valid, sets TOP to 0, and EMMS empties them") {
  SimdMachine m;
  m.gpr(0) = 0x12345678;
  m.cpu.state.fpu.status = 5u << 11;
  m.run({0x0f, 0x6e, 0xc8});  // movd mm1, eax
  CHECK(m.cpu.state.fpu.tag == 0xff);
  CHECK(m.cpu.state.fpu.status == 0);
  CHECK(m.cpu.state.fpu.st[1][0] == 0x78);
  CHECK(m.cpu.state.fpu.st[1][9] == 0xff);
  m.run({0x0f, 0x77});
  CHECK(m.cpu.state.fpu.tag == 0);
}

TEST_CASE("packed additions wrap or saturate") {
  SimdMachine m;
  std::memset(m.cpu.state.fpu.xmm[0], 0xf0, 16);
  std::memset(m.cpu.state.fpu.xmm[1], 0x20, 16);
  m.run({0x66, 0x0f, 0xfc, 0xc1});  // paddb
  CHECK(m.cpu.state.fpu.xmm[0][7] == 0x10);
  std::memset(m.cpu.state.fpu.xmm[0], 0xf0, 16);
  m.run({0x66, 0x0f, 0xdc, 0xc1});  // paddusb
  CHECK(m.cpu.state.fpu.xmm[0][7] == 0xff);
}

TEST_CASE("beside an unmasked overflow PE tells of the result with any exponent") {
  SimdMachine m;
  m.cpu.state.fpu.mxcsr = 0x1f80 & ~(1u << 10);
  m.bits(0, 0, 0x7f000000);  // 2^127 by 2: exact
  m.xmm(1, 2, 1, 1, 1);
  CHECK(m.fault_of({0xf3, 0x0f, 0x59, 0xc1}) == 19);
  CHECK((m.mxcsr() & 0x3f) == 0x08);
  m.bits(0, 0, 0x7f7fffff);  // the largest number by 3: not
  m.xmm(1, 3, 1, 1, 1);
  CHECK(m.fault_of({0xf3, 0x0f, 0x59, 0xc1}) == 19);
  CHECK((m.mxcsr() & 0x3f) == 0x28);
}

TEST_CASE("CVTPI2PS enters the MMX state from memory too, CVTPI2PD only from a register") {
  SimdMachine m;
  m.gpr(3) = kData;
  m.run({0x66, 0x0f, 0x2a, 0x03});  // cvtpi2pd xmm0, [ebx]
  CHECK(m.cpu.state.fpu.tag == 0);
  m.run({0x0f, 0x2a, 0x03});
  CHECK(m.cpu.state.fpu.tag == 0xff);
}

TEST_CASE("denormals-are-zero is reserved in a processor without SSE2") {
  SimdMachine m;
  m.gpr(3) = kData;
  const u8 word[4] = {0xc0, 0x1f, 0, 0};
  m.load(kData, word);
  CHECK(m.fault_of({0x0f, 0xae, 0x13}) == -1);  // ldmxcsr [ebx]
  m.cpu.set_model(CpuModel::parse("pentium3", 36).value());
  CHECK(m.fault_of({0x0f, 0xae, 0x13}) == 13);
}
