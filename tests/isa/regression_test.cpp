// What the comparison with a host has once shown, for hosts that cannot run it. Named after the bug.
#include <catch2/catch.hpp>

#include "emulated_case.hpp"

using namespace paemu;
using namespace paemu::isa_test;

namespace {

constexpr int kStackFault = 12, kPageFault = 14, kAlignmentCheck = 17;
constexpr u16 kCodeToExecuteOnly = local_selector(2), kStack16 = local_selector(12);

}  // namespace

TEST_CASE("POP ES read two bytes of a slot of four") {
  EmulatedProcessor processor(true);
  Registers r = flat_registers();
  r.gpr[isa::kEsp] = 0xfffffffe;
  CHECK(run_at(processor, layout::kCode, {0x07}, r).vector == kStackFault);
}

TEST_CASE("ENTER lost the upper half of ESP on a 16-bit stack") {
  EmulatedProcessor processor(true);
  Registers r = flat_registers();
  r.selector[isa::kSs] = kStack16;
  r.gpr[isa::kEsp] = 0x134b03fc;
  CHECK(run_at(processor, layout::kCode, {0xc8, 8, 0, 0}, r).vector == Exception::kNone);
  CHECK(r.gpr[isa::kEbp] == 0x134b03f8);
  CHECK(r.gpr[isa::kEsp] == 0x134b03f0);
}

TEST_CASE("x87 images and 16:16 pointers had the wrong alignment") {
  EmulatedProcessor processor(true);
  const auto vector_of = [&](const std::vector<u8>& bytes, u32 address) {
    Registers r = flat_registers();
    r.eflags = eflag::kAlignmentCheck;
    r.gpr[isa::kEcx] = address;
    return run_at(processor, layout::kCode, bytes, r).vector;
  };
  CHECK(vector_of({0xd9, 0x21}, layout::kData + 2) == kAlignmentCheck);         // FLDENV of 28 bytes
  CHECK(vector_of({0x66, 0xd9, 0x21}, layout::kData + 2) == Exception::kNone);  // of 14
  CHECK(vector_of({0xdd, 0x31}, layout::kData + 2) == kAlignmentCheck);         // FNSAVE
  CHECK(vector_of({0xc4, 0x01}, layout::kData + 2) == kAlignmentCheck);         // LES of 16:32
  CHECK(vector_of({0x66, 0xc4, 0x01}, layout::kData + 2) == Exception::kNone);  // of 16:16
}

TEST_CASE("PUSHA went on when its stack was misaligned") {
  EmulatedProcessor processor(true);
  Registers r = flat_registers();
  r.eflags = eflag::kAlignmentCheck;
  r.gpr[isa::kEsp] += 1;
  CHECK(run_at(processor, layout::kCode, {0x60}, r).vector == kAlignmentCheck);
  CHECK(r.gpr[isa::kEsp] == layout::kData + 0x1001);
}

TEST_CASE("CLFLUSH refused code that is not readable") {
  EmulatedProcessor processor(true);
  Registers r = flat_registers();
  r.selector[isa::kCs] = kCodeToExecuteOnly;
  r.eip = 0;
  CHECK(run_at(processor, layout::kCode, {0x2e, 0x0f, 0xae, 0x39}, r).vector == Exception::kNone);
}

TEST_CASE("a length of more than 15 bytes came before a page that was not there") {
  EmulatedProcessor processor(true);
  std::vector<u8> bytes(13, 0x36);
  bytes.push_back(0xc2);  // RET Iw: 16 bytes, of which the page has 14
  const u32 at = layout::kCode + layout::kCodeSize - 14;
  Registers r = flat_registers(at);
  const Exception e = run_at(processor, at, bytes, r);
  CHECK(e.vector == kPageFault);
  CHECK(e.address == layout::kCode + layout::kCodeSize);
}
