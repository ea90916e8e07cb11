// Repeated string instructions in translated code: each element counts, whatever the slices and wherever pages end.
#include <algorithm>

#include "../interp/flat_machine.hpp"
#include "fixture.hpp"

using namespace paemu;
using namespace paemu::testing;

namespace {

constexpr u32 kData = 0x200000, kDataSize = 0x4000, kCounts = kData + 0x3800;

// mov esi, SOURCE; mov edi, DESTINATION; mov ecx, COUNT; inc dword [ecx + COUNTS]; the instruction;
// inc dword [ecx + COUNTS]; add ebx, ecx; and again
std::vector<u8> program(u32 source, u32 destination, u32 count, std::vector<u8> instruction) {
  std::vector<u8> code;
  const auto word = [&](u32 value) {
    for (u32 n = 0; n < 4; ++n) code.push_back(static_cast<u8>(value >> (8 * n)));
  };
  code.push_back(0xbe), word(source);
  code.push_back(0xbf), word(destination);
  code.push_back(0xb9), word(count);
  code.insert(code.end(), {0xff, 0x81}), word(kCounts);
  code.insert(code.end(), instruction.begin(), instruction.end());
  code.insert(code.end(), {0xff, 0x81}), word(kCounts);
  code.insert(code.end(), {0x01, 0xcb, 0xe9});
  word(0u - static_cast<u32>(code.size() + 4));
  return code;
}

void prepare(FlatMachine& m, const std::vector<u8>& code) {
  m.load(FlatMachine::kCode, code);
  std::vector<u8> noise(kDataSize);
  for (u32 n = 0; n < kDataSize; ++n) noise[n] = static_cast<u8>(n * 37 + (n >> 7));
  m.load(kData, noise);
  m.gpr(isa::kEax) = 0x12345678;
}

std::vector<u8> data_of(const FlatMachine& m) {
  std::vector<u8> bytes(kDataSize);
  m.memory.read(GuestPhys{kData}, bytes);
  return bytes;
}

void check_same(const FlatMachine& m, const FlatMachine& reference) {
  CHECK(m.clock.retired == reference.clock.retired);
  CHECK(std::equal(m.cpu.state.gpr, m.cpu.state.gpr + 8, reference.cpu.state.gpr));
  CHECK(m.cpu.state.eip == reference.cpu.state.eip);
  CHECK(m.cpu.lazy.get() == reference.cpu.lazy.get());
  CHECK(data_of(m) == data_of(reference));
}

}  // namespace

TEST_CASE("repeated string instructions are counted element by element, and stop at any count") {
  if (!Translator::supported()) return;
  const std::vector<u8> instructions[] = {{0xf3, 0xa4}, {0xf3, 0xa5}, {0xf3, 0x66, 0xa5}, {0xf2, 0xa5},
                                          {0xf3, 0xaa}, {0xf3, 0xab}, {0xf3, 0x66, 0xab}, {0xf3, 0xa6},
                                          {0xf2, 0xa6}, {0xf3, 0xa7}, {0xf3, 0x66, 0xa7}, {0xf2, 0xae},
                                          {0xf3, 0xae}, {0xf2, 0xaf}, {0xf3, 0xac}};
  struct Shape {
    u32 source, destination, count;
  };
  constexpr Shape kShapes[] = {
      {kData, kData + 0x2000, 0},         {kData, kData + 0x2000, 1},          {kData + 3, kData + 0x2001, 7},
      {kData, kData + 0x2000, 300},       {kData + 0xff0, kData + 0x2000, 20},  // across a page
      {kData, kData + 0x2ff8, 20},        {kData + 0x100, kData + 0x101, 50},   // a pattern goes on
      {kData + 0x101, kData + 0x100, 50}, {kData + 0xf01, kData + 0xf01, 300},  // equal, across a page
      {kData + 7, kData + 7, 0xffffffff},
  };
  for (const auto& instruction : instructions) {
    for (const Shape& s : kShapes) {
      CAPTURE(instruction, s.source, s.destination, s.count);
      const std::vector<u8> code = program(s.source, s.destination, s.count, instruction);
      FlatMachine m, reference;
      prepare(m, code);
      prepare(reference, code);
      const auto translator = translator_of(m);
      FlatMachine in_paths;
      prepare(in_paths, code);
      Translator paths(in_paths.cpu, small_cache(), {.hot = 0, .path_after = 0});
      for (const u64 slice : {997u, 1u, 2u, 3u, 5u, 8u, 13u, 21u, 34u, 350u, 1000u}) {
        translator->run(slice);
        paths.run(slice);
        reference.interpreter.run(slice);
        check_same(m, reference);
        check_same(in_paths, reference);
      }
    }
  }
}

TEST_CASE("a repeated move that has more elements than bytes fit is not taken for a short one") {
  if (!Translator::supported()) return;
  // As dwords they are four bytes beyond four whole turns round the address space.
  const std::vector<u8> code = program(kData, kData + 0x1000, 0x40000001, {0xf3, 0xa5});
  FlatMachine m, reference;
  prepare(m, code);
  prepare(reference, code);
  const auto translator = translator_of(m);
  for (u32 n = 0; n < 3; ++n) {
    translator->run(500);
    reference.interpreter.run(500);
    check_same(m, reference);
  }
}
