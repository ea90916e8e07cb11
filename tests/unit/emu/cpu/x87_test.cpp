// x87: arithmetic under the guest's control word, exceptions by #MF and by FERR#, and the images of its state.
#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "../interp/flat_machine.hpp"

using namespace paemu;
using testing::FlatMachine;

namespace {

constexpr u32 kData = 0x5000, kImage = 0x5100, kIdt = 0x6000, kHandler = 0x7000;

class Pins final : public CpuHooks {
 public:
  void on_apic_base(u64) override {}
  void on_init() override {}
  void on_fpu_error(bool asserted) override {
    if (ferr.empty() || ferr.back() != asserted) ferr.push_back(asserted);
  }
  bool ignores_fpu_error() const override { return ignore; }
  std::vector<bool> ferr;
  bool ignore = false;
};

class X87Machine : public FlatMachine {
 public:
  X87Machine() {
    cpu.hooks = &pins;
    cpu.state.cr0 |= cr0::kNumericError;
    cpu.state.idtr = DescriptorTable{kIdt, 0x7ff};
    cpu.state.gdtr = DescriptorTable{0x1000, 0x1f};
    const u8 segments[16] = {0xff, 0xff, 0, 0, 0, 0x9b, 0xcf, 0, 0xff, 0xff, 0, 0, 0, 0x93, 0xcf, 0};
    load(0x1008, segments);
    const u8 gate[8] = {kHandler & 0xff, kHandler >> 8, 8, 0, 0, 0x8e, 0, 0};
    load(kIdt + 16 * 8, gate);
    gpr(3) = kData;
    gpr(6) = kImage;
    cpu.adopt();
  }
  void put_double(u32 at, double v) {
    u8 b[8];
    std::memcpy(b, &v, 8);
    load(at, b);
  }
  double get_double(u32 at) const {
    u8 b[8];
    double v;
    memory.read(GuestPhys{at}, b);
    std::memcpy(&v, b, 8);
    return v;
  }
  void run(std::initializer_list<u8> bytes, u64 count) {
    cpu.state.eip = kCode;
    code(bytes);
    interpreter.run(count);
  }
  u16 status() const { return cpu.state.fpu.status; }
  Pins pins;
};

}  // namespace

TEST_CASE("x87 divides in the precision that the control word asks for") {
  X87Machine m;
  m.put_double(kData, 3);
  m.run({0xdb, 0xe3, 0xd9, 0xe8, 0xdc, 0x33, 0xdd, 0x1b}, 4);  // fninit; fld1; fdiv [ebx]; fstp [ebx]
  CHECK(m.get_double(kData) == 1.0 / 3);
  CHECK((m.status() & 0x3f) == 0x20);
  CHECK(m.cpu.state.fpu.tag == 0);
  m.put_double(kData, 3);
  m.cpu.state.fpu.control = 0x007f;  // 24 bits
  m.run({0xd9, 0xe8, 0xdc, 0x33, 0xdd, 0x1b}, 3);
  CHECK(m.get_double(kData) == static_cast<double>(1.0f / 3.0f));
}

TEST_CASE("an unmasked x87 exception raises #MF at the next waiting instruction") {
  X87Machine m;
  m.put_double(kData, 0);
  m.cpu.state.fpu.control = 0x37b;                             // divide by zero
  m.run({0xd9, 0xe8, 0xdc, 0x33, 0xdf, 0xe0, 0xd9, 0xe8}, 3);  // fld1; fdiv; fnstsw ax; fld1
  CHECK((m.gpr(0) & 0x80ff) == 0x8084);                        // B, ES, ZE
  CHECK(m.cpu.state.fpu.code_offset == FlatMachine::kCode + 2);
  CHECK(m.cpu.state.fpu.data_offset == kData);
  m.interpreter.run(1);
  CHECK(m.cpu.state.eip == kHandler);
  CHECK(m.pins.ferr.empty());
}

TEST_CASE("with CR0.NE clear FERR# follows the error summary") {
  X87Machine m;
  m.cpu.state.cr0 &= ~cr0::kNumericError;
  m.put_double(kData, 0);
  m.cpu.state.fpu.control = 0x37b;
  m.run({0xd9, 0xe8, 0xdc, 0x33, 0xdb, 0xe2}, 2);
  CHECK(m.pins.ferr == std::vector<bool>{true});
  m.interpreter.run(1);  // fnclex
  CHECK(m.pins.ferr == std::vector<bool>{true, false});
}

TEST_CASE("an x87 stack overflow gives the indefinite number and C1") {
  X87Machine m;
  m.cpu.state.fpu.tag = 0xff;
  m.run({0xd9, 0xe8}, 1);
  CHECK((m.status() & 0x241) == 0x241);  // IE, SF, C1
  CHECK(m.cpu.state.fpu.st[7][9] == 0xff);
  CHECK(m.cpu.state.fpu.st[7][7] == 0xc0);
}

TEST_CASE("FCOMI sets EFLAGS and FCMOV follows them") {
  X87Machine m;
  m.run({0xd9, 0xee, 0xd9, 0xe8, 0xdb, 0xf1, 0xda, 0xc1, 0xdb, 0xc1}, 4);  // fldz; fld1; fcomi; fcmovb; fcmovnb
  CHECK((m.cpu.state.eflags & eflag::kArithmetic) == 0);
  CHECK(m.cpu.state.fpu.st[6][9] == 0x3f);
  m.interpreter.run(1);
  CHECK(m.cpu.state.fpu.st[6][9] == 0);
}

TEST_CASE("FNSAVE writes the state and initialises it, FRSTOR brings it back") {
  X87Machine m;
  m.run({0xd9, 0xe8, 0xd9, 0xeb, 0xdd, 0x36, 0xdd, 0x26}, 2);  // fld1; fldpi; fnsave [esi]; frstor [esi]
  const FpuState before = m.cpu.state.fpu;
  m.interpreter.run(1);
  CHECK(m.cpu.state.fpu.tag == 0);
  CHECK(m.cpu.state.fpu.control == 0x37f);
  CHECK((m.dword(kImage + 8) & 0xffff) == 0x0fff);
  m.interpreter.run(1);
  CHECK(m.cpu.state.fpu.tag == before.tag);
  CHECK(m.cpu.state.fpu.status == before.status);
  CHECK(std::memcmp(m.cpu.state.fpu.st, before.st, sizeof before.st) == 0);
}

TEST_CASE("x87 instructions raise #NM with TS, WAIT only with MP as well") {
  X87Machine m;
  const u8 gate[8] = {(kHandler + 7) & 0xff, kHandler >> 8, 8, 0, 0, 0x8e, 0, 0};
  m.load(kIdt + 7 * 8, gate);
  m.cpu.state.cr0 |= cr0::kTaskSwitched;
  m.run({0x9b}, 1);
  CHECK(m.cpu.state.eip == FlatMachine::kCode + 1);
  m.run({0xd9, 0xe8}, 1);
  CHECK(m.cpu.state.eip == kHandler + 7);
  m.cpu.state.cr0 |= cr0::kMonitorCoprocessor;
  m.run({0x9b}, 1);
  CHECK(m.cpu.state.eip == kHandler + 7);
}

TEST_CASE("the x87 state is in place whenever something else than x87 code looks at it") {
  X87Machine m;
  m.cpu.state.cr4 |= cr4::kOsfxsr;
  // fld1; fldpi; fnstcw [ebx]; fxsave [esi]; faddp; hlt
  m.run({0xd9, 0xe8, 0xd9, 0xeb, 0xd9, 0x3b, 0x0f, 0xae, 0x06, 0xde, 0xc1, 0xf4}, 4);
  CHECK((m.dword(kImage + 4) & 0xff) == 0xc0);  // tags of R6 and R7
  CHECK(m.cpu.state.fpu.tag == 0xc0);
  CHECK(m.cpu.state.fpu.st[6][9] == 0x40);
  m.interpreter.run(2);
  CHECK(m.cpu.state.activity == Activity::kHalted);
  CHECK(m.cpu.state.fpu.tag == 0x80);
  CHECK(m.cpu.lent_fpu == 0);
}

TEST_CASE("x87 code gives the same whether it runs at once or an instruction at a time") {
  // fld1; fldl2t; fmul st1; fsin; fst [ebx]; fldcw [esi]; fdiv [ebx]; fnstsw ax; fxch; fistp [ebx + 8]
  const std::initializer_list<u8> kCode = {0xd9, 0xe8, 0xd9, 0xe9, 0xdc, 0xc9, 0xd9, 0xfe, 0xdd, 0x13, 0xd9,
                                           0x2e, 0xdc, 0x33, 0xdf, 0xe0, 0xd9, 0xc9, 0xdb, 0x5b, 0x08};
  for (const u32 control : {0x37fu, 0xc7fu, 0x35fu}) {  // the last with inexact results unmasked
    X87Machine whole, steps;
    for (X87Machine* m : {&whole, &steps}) {
      const u8 word[2] = {static_cast<u8>(control), static_cast<u8>(control >> 8)};
      m->load(kImage, word);
      m->code(kCode);
      m->cpu.state.eip = FlatMachine::kCode;
    }
    whole.interpreter.run(10);
    for (u32 n = 0; n < 10; ++n) steps.interpreter.run(1);
    CHECK(whole.cpu.state.eip == steps.cpu.state.eip);
    CHECK(whole.gpr(0) == steps.gpr(0));
    CHECK(whole.dword(kData + 8) == steps.dword(kData + 8));
    const FpuState &a = whole.cpu.state.fpu, &b = steps.cpu.state.fpu;
    CHECK(a.status == b.status);
    CHECK(a.tag == b.tag);
    CHECK(a.control == control);
    CHECK(a.code_offset == b.code_offset);
    CHECK(a.data_offset == b.data_offset);
    CHECK(a.last_opcode == b.last_opcode);
    CHECK(std::memcmp(a.st, b.st, sizeof a.st) == 0);
  }
}

TEST_CASE("with CR0.NE clear the processor waits before an x87 instruction for IRQ 13, unless IGNNE# is asserted") {
  X87Machine m;
  m.cpu.state.cr0 &= ~cr0::kNumericError;
  m.put_double(kData, 0);
  m.cpu.state.fpu.control = 0x37b;
  m.run({0xd9, 0xe8, 0xdc, 0x33, 0x40, 0xd9, 0xe8}, 10);  // fld1; fdiv [ebx]; inc eax; fld1
  CHECK(m.gpr(0) == 1);
  CHECK(m.cpu.state.activity == Activity::kHalted);
  CHECK(m.cpu.state.eip == FlatMachine::kCode + 5);
  m.cpu.state.activity = Activity::kRunning;  // as an interrupt does
  m.pins.ignore = true;
  m.interpreter.run(1);
  CHECK(m.cpu.state.activity == Activity::kRunning);
  CHECK(m.cpu.state.eip == FlatMachine::kCode + 7);
}

TEST_CASE("FPREM takes off as much at a time as Intel's processors do") {
  X87Machine m;
  const u8 hundred[4] = {100, 0, 0, 0};
  m.load(kData, hundred);
  m.run({0xdb, 0x03, 0xd9, 0xeb, 0xd9, 0xfd, 0xd9, 0xf8}, 4);  // fild [ebx]; fldpi; fscale; fprem
  CHECK((m.status() & 0x400) != 0);                            // C2: not done
  // Pi * 2^100 by 100: the exponents are 95 apart, so 63 of them go.
  const u8 remainder[10] = {0, 0, 0, 0, 0, 0, 0, 0xa0, 0x24, 0x40};
  CHECK(std::memcmp(m.cpu.state.fpu.st[6], remainder, 10) == 0);
}

TEST_CASE("condition codes that an x87 instruction does not define stay") {
  X87Machine m;
  m.cpu.state.fpu.tag = 0xff;
  for (const u16 codes : {u16{0}, u16{0x4500}}) {  // C3, C2, C0
    m.cpu.state.fpu.status = codes;
    m.run({0xd8, 0xc1}, 1);  // fadd st1
    CHECK((m.status() & 0x4500) == codes);
    m.run({0xd9, 0xfc}, 1);  // frndint
    CHECK((m.status() & 0x4500) == codes);
  }
}

TEST_CASE("FCOMI with an unmasked invalid operation leaves CF, PF and ZF and clears the others") {
  X87Machine m;
  m.cpu.state.fpu.control = 0x37e;
  m.cpu.set_flags(eflag::kCarry | eflag::kOverflow | eflag::kSign | eflag::kAdjust);
  m.run({0xdb, 0xf1}, 1);  // fcomi of empty registers
  CHECK((m.cpu.flags() & eflag::kArithmetic) == eflag::kCarry);
  CHECK((m.status() & 0x80) != 0);
}

TEST_CASE("MXCSR and the x87 state are the guest's again when a run ends") {
  X87Machine m;
  m.cpu.state.cr4 |= cr4::kOsfxsr;
  m.cpu.state.fpu.mxcsr = 0x1f80 | 3u << 13;                         // toward zero
  m.run({0xd9, 0xe8, 0x0f, 0x5e, 0xc1, 0x0f, 0x28, 0xd0, 0x90}, 4);  // fld1; divps xmm0, xmm1; movaps xmm2, xmm0
  CHECK(m.cpu.state.fpu.mxcsr == (0x1f81 | 3u << 13));               // 0 / 0
  CHECK(m.cpu.state.fpu.xmm[2][3] == 0xff);
  CHECK(m.cpu.state.fpu.tag == 0x80);
  CHECK(__builtin_ia32_stmxcsr() == 0x1f80);
}
