// docs/undefined.md, row by row: flags and results that the manual leaves undefined.
#include <catch2/catch.hpp>

#include "emulated_case.hpp"

using namespace paemu;
using namespace paemu::isa_test;

namespace {

constexpr u32 kC = eflag::kCarry, kP = eflag::kParity, kA = eflag::kAdjust, kZ = eflag::kZero, kS = eflag::kSign,
              kO = eflag::kOverflow, kAll = eflag::kArithmetic;

struct Rule {
  const char* name;
  std::vector<u8> bytes;
  u32 eax, ecx, edx, flags;
  u32 eax_after, ecx_after, edx_after, flags_after;
};

const Rule kRules[] = {
    {"AND clears AF", {0x24, 0xff}, 0x80, 0, 0, kAll, 0x80, 0, 0, kS},
    {"MUL has the low half's SF, ZF and PF", {0xf7, 0xe1}, 0x10000, 0x10000, 0, kA, 0, 0x10000, 1, kC | kP | kZ | kO},
    {"IMUL has the product's SF, ZF and PF", {0x0f, 0xaf, 0xc1}, 0x80000000, 1, 0, kAll, 0x80000000, 1, 0, kS | kP},
    {"DIV leaves the flags", {0xf7, 0xf1}, 7, 2, 0, kAll, 3, 2, 1, kAll},
    {"IDIV leaves the flags", {0xf6, 0xf9}, 7, 2, 0, 0, 0x103, 2, 0, 0},
    {"SHL by 2 has the last step's OF", {0xd3, 0xe0}, 0x40000000, 2, 0, kA, 0, 2, 0, kC | kP | kZ | kO},
    {"SHR by 2 has no OF", {0xc1, 0xe8, 2}, 0x80000003, 0, 0, kAll, 0x20000000, 0, 0, kC | kP},
    {"SAR beyond the width moves the sign out", {0xc0, 0xf8, 9}, 0x80, 0, 0, kAll, 0xff, 0, 0, kC | kP | kS},
    {"SHL beyond the width moves zeros out", {0xc0, 0xe0, 9}, 0xff, 0, 0, kAll, 0, 0, 0, kP | kZ},
    {"a shift by 0 leaves the flags", {0xd3, 0xe0}, 1, 32, 0, kAll, 1, 32, 0, kAll},
    {"ROL by 2 has the last step's OF", {0xc1, 0xc0, 2}, 0x40000000, 0, 0, 0, 1, 0, 0, kC | kO},
    {"ROR by 2 has the last step's OF", {0xc1, 0xc8, 2}, 1, 0, 0, 0, 0x40000000, 0, 0, kO},
    {"RCL of 8 bits by 9 is by nothing, with OF", {0xc0, 0xd0, 9}, 0x80, 0, 0, 0, 0x80, 0, 0, kO},
    {"RCR by 2 has the last step's OF", {0xc1, 0xd8, 2}, 1, 0, 0, kC, 0xc0000000, 0, 0, 0},
    {"SHLD of 16 bits by 17", {0x66, 0x0f, 0xa4, 0xd0, 17}, 0x8001, 0, 0x4000, 0, 0x8001, 0, 0x4000, kS | kO},
    {"SHRD of 16 bits by 19", {0x66, 0x0f, 0xac, 0xd0, 19}, 0x5678, 0, 0x3d34, 0, 0x07a6, 0, 0x3d34, kC | kP},
    {"BT changes CF only", {0x0f, 0xa3, 0xc8}, 0, 0, 0, kAll, 0, 0, 0, kAll & ~kC},
    {"BSF of 0 leaves its destination", {0x0f, 0xbc, 0xc8}, 0, 5, 0, kAll, 0, 5, 0, kZ | kP},
    {"BSR clears the other flags", {0x0f, 0xbd, 0xc8}, 8, 5, 0, kAll, 8, 3, 0, 0},
    {"AAA has AL's SF, ZF and PF", {0x37}, 0x0f, 0, 0, kO, 0x105, 0, 0, kC | kA | kP},
    {"DAA clears OF", {0x27}, 0x9a, 0, 0, kO, 0, 0, 0, kC | kA | kZ | kP},
    {"AAM with base 16", {0xd4, 16}, 0x3f, 0, 0, kAll, 0x30f, 0, 0, kP},
    {"AAD with base 16", {0xd5, 16}, 0x203, 0, 0, kAll, 0x23, 0, 0, 0},
    {"BSWAP of 16 bits clears them", {0x66, 0x0f, 0xc8}, 0x12345678, 0, 0, kAll, 0x12340000, 0, 0, kAll},
    {"F3 0F BC is BSF", {0xf3, 0x0f, 0xbc, 0xc8}, 0, 5, 0, 0, 0, 5, 0, kZ | kP},
    {"82 is 80", {0x82, 0xc0, 1}, 1, 0, 0, kAll, 2, 0, 0, 0},
    {"F6 /1 is TEST", {0xf6, 0xc8, 0x80}, 0x80, 0, 0, kAll, 0x80, 0, 0, kS},
    {"SHL by /6", {0xc0, 0xf0, 1}, 1, 0, 0, kAll, 2, 0, 0, 0},
    {"SALC", {0xd6}, 0x100, 0, 0, kC, 0x1ff, 0, 0, kC},
    {"0F 1C is a NOP", {0x0f, 0x1c, 0x05, 0, 0, 0, 0}, 1, 2, 3, kAll, 1, 2, 3, kAll},
};

}  // namespace

TEST_CASE("what the manual leaves undefined is as docs/undefined.md says") {
  EmulatedProcessor processor(false);
  for (const Rule& rule : kRules) {
    INFO(rule.name);
    Registers r = flat_registers();
    r.gpr[isa::kEax] = rule.eax;
    r.gpr[isa::kEcx] = rule.ecx;
    r.gpr[isa::kEdx] = rule.edx;
    r.eflags = rule.flags;
    CHECK(run_at(processor, layout::kCode, rule.bytes, r).vector == Exception::kNone);
    CHECK(r.gpr[isa::kEax] == rule.eax_after);
    CHECK(r.gpr[isa::kEcx] == rule.ecx_after);
    CHECK(r.gpr[isa::kEdx] == rule.edx_after);
    CHECK((r.eflags & kAll) == rule.flags_after);
  }
}
