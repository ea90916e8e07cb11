// Paths: which blocks are joined, and that a path is as good as its blocks whatever happens on the way.
#include "jit/path.hpp"

#include <catch2/catch.hpp>

#include "../interp/flat_machine.hpp"
#include "fixture.hpp"

using namespace paemu;
using Catch::Matchers::Contains;
using Catch::Matchers::VectorContains;
using namespace paemu::testing;

namespace {

// Blocks are translated and observed when they first run.
struct Machine : FlatMachine {
  Machine(std::initializer_list<u8> bytes) {
    code(bytes);
    cpu.state.gpr[isa::kEcx] = 1000;
  }
  Translator translator{cpu, small_cache(), {.hot = 0, .path_after = 0}};
};

// The paths' instructions, of the one that begins at `offset`.
std::vector<std::string> path_at(const Machine& m, u32 offset) {
  for (const HotBlock& b : info_of(m.translator, 10).hottest)
    if (b.eip == FlatMachine::kCode + offset && b.joined > 1) return b.guest_code;
  return {};
}

// The same instructions in a machine that interprets.
struct Pair {
  explicit Pair(std::initializer_list<u8> bytes) : translated(bytes), interpreted(bytes) {}
  void run(u32 ticks) {
    translated.translator.run(ticks);
    interpreted.interpreter.run(ticks);
    INFO("after instruction " << interpreted.clock.retired);
    REQUIRE(std::ranges::equal(translated.cpu.state.gpr, interpreted.cpu.state.gpr));
    REQUIRE(translated.cpu.state.eip == interpreted.cpu.state.eip);
    REQUIRE(translated.cpu.state.eflags == interpreted.cpu.state.eflags);
    REQUIRE(translated.clock.retired == interpreted.clock.retired);
  }
  Machine translated, interpreted;
};

// In samples, what they are found by.
constexpr u32 kLong = 3'000'000;

}  // namespace

TEST_CASE("blocks are joined over jumps, taken branches, calls and returns") {
  if (!Translator::supported()) return;
  // again: inc eax; test al, 1; jnz odd; call twice; back: jmp again
  // odd: inc edx; jmp back            twice: inc ebx; call once; ret      once: inc esi; ret 
  Pair p({0x40, 0xa8, 1, 0x75, 7, 0xe8, 6, 0, 0, 0, 0xeb, 0xf4, 0x42, 0xeb, 0xfb, 0xcc,  //
          0x43, 0xe8, 1, 0, 0, 0, 0xc3, 0x46, 0xc3});
  p.run(kLong);
  const TranslatorInfo info = info_of(p.translated.translator, 10);
  CHECK(info.paths > 0);
  // It is a loop, and where it begins depends on where it was first met.
  bool over_calls = false;
  for (const HotBlock& b : info.hottest) {
    u32 calls = 0, returns = 0;
    for (const std::string& line : b.guest_code) calls += line.ends_with("call 0x100010"), returns += line.ends_with("ret ");
    over_calls |= b.joined > 4 && calls == 1 && returns == 2;
  }
  CHECK(over_calls);
}

TEST_CASE("of two ways a path takes the one that was taken oftener") {
  if (!Translator::supported()) return;
  // again: inc eax; test al, 7; jz seldom; jmp often; seldom: inc edx; often: dec ecx; jmp again
  Pair p({0x40, 0xa8, 7, 0x74, 2, 0xeb, 1, 0x42, 0x49, 0xeb, 0xf5});
  p.run(kLong);
  const std::vector<std::string> path = path_at(p.translated, 0);
  REQUIRE(path.size() == 6);
  CHECK_THAT(path[3], Contains("jmp"));
  CHECK_THAT(path[4], Contains("dec ecx"));
}

TEST_CASE("a branch that goes both ways as often stays as it is") {
  if (!Translator::supported()) return;
  // again: inc eax; test al, 1; jz even; inc edx; jmp again; even: dec ecx; jmp again
  Pair p({0x40, 0xa8, 1, 0x74, 3, 0x42, 0xeb, 0xf8, 0x49, 0xeb, 0xf5});
  p.run(kLong);
  const std::vector<std::string> path = path_at(p.translated, 0);
  CHECK((path.empty() || path[3].ends_with("inc edx")));
}

TEST_CASE("a call that leads back to the path's start ends it") {
  if (!Translator::supported()) return;
  // f: dec ecx; js out; jmp on; on: call f; inc eax; out: inc ecx; ret        main: mov ecx, 9; call f; jmp main
  Pair p({0x49, 0x78, 8, 0xeb, 0, 0xe8, 0xf6, 0xff, 0xff, 0xff, 0x40, 0x41, 0xc3,  //
          0xb9, 9, 0, 0, 0, 0xe8, 0xe9, 0xff, 0xff, 0xff, 0xeb, 0xf4});
  p.translated.cpu.state.eip += 13;
  p.interpreted.cpu.state.eip += 13;
  p.run(kLong);
  const std::vector<std::string> path = path_at(p.translated, 0);
  REQUIRE(path.size() == 4);
  CHECK_THAT(path[3], Contains("call"));
}

TEST_CASE("a path is left at exactly any count of instructions") {
  if (!Translator::supported()) return;
  // again: inc eax; jmp a; a: inc edx; call f; dec ecx; jnz again; mov ecx, 1000; jmp again; f: inc ebx; ret
  Pair p({0x40, 0xeb, 0, 0x42, 0xe8, 10, 0, 0, 0, 0x49, 0x75, 0xf4, 0xb9, 0xe8, 3, 0, 0, 0xeb, 0xed, 0x43, 0xc3});
  p.run(kLong);
  CHECK(info_of(p.translated.translator).paths > 0);
  for (u32 ticks = 1; ticks < 40; ++ticks) p.run(ticks);
}

TEST_CASE("code that changes anywhere on a path changes it") {
  if (!Translator::supported()) return;
  // again: inc eax; jmp a; a: inc edx; jmp b; b: dec ecx; jnz again; xor byte [a], 8; mov ecx, 5000; jmp again
  // The XOR makes DEC EDX of INC EDX, and the other way round.
  Pair p({0x40, 0xeb, 0, 0x42, 0xeb, 0, 0x49, 0x75, 0xf7,  //
          0x80, 0x35, 3, 0, 0x10, 0, 8, 0xb9, 0x88, 0x13, 0, 0, 0xeb, 0xe9});
  for (u32 n = 0; n < 200; ++n) p.run(7919);
  const TranslatorInfo info = info_of(p.translated.translator, 10);
  CHECK(info.dropped > 20);
}

TEST_CASE("a routine that returns to elsewhere leaves the path") {
  if (!Translator::supported()) return;
  // again: inc eax; call f; inc edx; jmp again
  // f: dec ecx; test cl, 127; setz bl; movzx ebx, bl; add [esp], ebx; ret
  // Once in a while it returns beyond INC EDX.
  Pair p({0x40, 0xe8, 3, 0, 0, 0, 0x42, 0xeb, 0xf7,  //
          0x49, 0xf6, 0xc1, 127, 0x0f, 0x94, 0xc3, 0x0f, 0xb6, 0xdb, 0x01, 0x1c, 0x24, 0xc3});
  p.run(kLong);
  CHECK(info_of(p.translated.translator).paths > 0);
  for (u32 n = 0; n < 20; ++n) p.run(9973);
}
