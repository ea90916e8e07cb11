// Programs that reach memory by the window, in more than one address space.
#include "two_tables.hpp"

using namespace paemu;
using namespace paemu::testing;

TEST_CASE("a program finds the memory of its own tables after each change of CR3") {
  if (!Translator::supported() || !jit::windows_supported()) return;
  SystemMachine a, b;
  for (SystemMachine* m : {&a, &b}) {
    // Ring 3: ADD EAX, [kTwofold]; INC dword [kTwofold]; INT 80h; JMP to the start
    m->code({0x03, 0x05, 0, 0x20, 1, 0, 0xff, 0x05, 0, 0x20, 1, 0, 0xcd, 0x80, 0xeb, 0xf0});
    // MOV ECX, CR3; XOR ECX, 20h; MOV CR3, ECX; IRET
    static_assert((kPdpt ^ kOtherPdpt) == 0x20);
    m->code({0x0f, 0x20, 0xd9, 0x83, 0xf1, 0x20, 0x0f, 0x22, 0xd9, 0xcf}, SystemMachine::handler(0x80));
    m->put(kOther, 1'000'000);
    start_paging(*m);
    m->at_ring(3);
  }
  const auto translator = translator_of(b, 0);
  require_same(a, b, *translator);
  CHECK(info_of(*translator).window_blocks != 0);
  CHECK(b.get(kTwofold) == a.get(kTwofold));
  CHECK(b.get(kOther) == a.get(kOther));
  CHECK(a.get(kTwofold) > 1000);
  CHECK(a.get(kOther) > 1'001'000);
}
