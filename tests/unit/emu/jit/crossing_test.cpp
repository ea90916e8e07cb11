// Loops with an instruction that lies across two pages.
#include <catch2/catch.hpp>
#include <string>

#include "two_tables.hpp"

using namespace paemu;
using namespace paemu::testing;

namespace {

using M = SystemMachine;

// The loop's ADD EAX, imm32 is at kAcross: its opcode and two bytes of the constant in the first page.
constexpr u32 kSecond = kTwofold, kAcross = kSecond - 3;

// again: ADD EAX, 11223344h; then `rest`, and a jump back
void load_loop(M& m, std::initializer_list<u8> rest, u32 at = kAcross) {
  m.code({0x05, 0x44, 0x33, 0x22, 0x11}, at);
  m.code(rest, at + 5);
  m.code({0xe9}, at + 5 + static_cast<u32>(rest.size()));
  m.put(at + 6 + static_cast<u32>(rest.size()), 0u - 10 - static_cast<u32>(rest.size()));
  m.cpu.state.eip = kAcross;
}

}  // namespace

TEST_CASE("a loop with an instruction across pages stays in translated code") {
  if (!Translator::supported()) return;
  M a, b;
  for (M* m : {&a, &b}) load_loop(*m, {0x41});  // INC ECX
  const auto translator = translator_of(b);
  require_same(a, b, *translator);
  translator->run(300'000);
  const TranslatorInfo info = info_of(*translator, 4);
  CHECK(info.exits.unlinked + info.exits.indirect + info.exits.continued < 20);
  bool listed = false;
  for (const HotBlock& hot : info.hottest)
    listed = listed || (hot.eip == kAcross && hot.guest_code.at(0).ends_with("add eax, 0x11223344"));
  CHECK(listed);
}

TEST_CASE("an instruction across pages may change itself, in either page") {
  if (!Translator::supported()) return;
  for (const u32 changed : {kAcross + 1, kSecond}) {
    M a, b;
    const u8 low = static_cast<u8>(changed), high = static_cast<u8>(changed >> 8);
    // INC byte [changed], every fourth time: INC ECX; TEST CL, 3; JNZ +6
    for (M* m : {&a, &b}) load_loop(*m, {0x41, 0xf6, 0xc1, 3, 0x75, 6, 0xfe, 0x05, low, high, 1, 0});
    const auto translator = translator_of(b);
    require_same(a, b, *translator);
  }
}

TEST_CASE("an instruction across pages is another when its second page is") {
  if (!Translator::supported()) return;
  M a, b;
  for (M* m : {&a, &b}) {
    // XOR EBX, 20h; MOV CR3, EBX
    load_loop(*m, {0x83, 0xf3, 0x20, 0x0f, 0x22, 0xdb});
    for (u32 n = 0; n < 20; n += 4) m->put(kOther + n, m->get(kSecond + n));
    m->put(kOther, (m->get(kOther) & 0xffff0000) | 0x0101);
    m->cpu.state.gpr[isa::kEbx] = kPdpt;
    start_paging(*m);
  }
  const auto translator = translator_of(b);
  require_same(a, b, *translator);
}

TEST_CASE("an instruction across pages that is cut short touches its second page no more") {
  if (!Translator::supported()) return;
  M a, b;
  for (M* m : {&a, &b}) {
    constexpr u32 kStart = 0x10000, kShort = kAcross + 2 - 0x70;
    // XOR byte [kAcross], EEh, which makes ADD EAX, 90909090h a JMP to kShort and back; INVLPG [kSecond]; JMP kAcross
    m->code({0x80, 0x35, 0xfd, 0x1f, 1, 0, 0xee, 0x0f, 0x01, 0x3d, 0, 0x20, 1, 0, 0xe9}, kStart);
    m->put(kStart + 15, kAcross - (kStart + 19));
    m->code({0x05, 0x90, 0x90, 0x90, 0x90, 0xe9}, kAcross);
    m->put(kAcross + 6, kStart - (kAcross + 10));
    m->code({0xe9}, kShort);
    m->put(kShort + 1, kStart - (kShort + 5));
    start_paging(*m);
    m->cpu.state.eip = kStart;
  }
  const auto translator = translator_of(b);
  require_same(a, b, *translator);
  CHECK(a.cpu.state.gpr[isa::kEax] != 0);
}

TEST_CASE("an instruction across pages faults for its second page, and goes on when that is there") {
  if (!Translator::supported()) return;
  M a, b;
  for (M* m : {&a, &b}) {
    load_loop(*m, {0x41});
    start_paging(*m);
  }
  const auto translator = translator_of(b);
  require_same(a, b, *translator);
  for (M* m : {&a, &b}) {
    m->put(0x102000 + 8 * (kSecond >> 12), 0);
    m->cpu.mmu.flush_page(kSecond);
    m->cpu.state.eip = kAcross;
  }
  a.interpreter.run(1);
  translator->run(1);
  CHECK(a.cpu.state.eip == M::handler(14));
  CHECK(b.cpu.state.eip == M::handler(14));
  CHECK(b.cpu.state.cr2 == kSecond);
  CHECK(b.stacked(1) == kAcross);
}
