// Calls and returns that do not match, as RET is defined by what is on the stack and by nothing else (SDM 2B, RET): a
// processor, or an emulator, that predicts by the calls that are pending must come to the same. Every case is run often
// enough to be predicted.
#include <initializer_list>

#include "paging.hpp"

using namespace bare;

namespace {

constexpr u32 kStack = 0xe00000, kOtherStack = 0xd00000;  // below 16 MiB, which are mapped one to one
constexpr u32 kRounds = 24;
constexpr u32 kSecret = 0x600d;                                             // at kWindow, for ring 0 only
constexpr u32 kCaller = kWindow + 0x1000, kCallerFrame = kFrames + 0x1000;  // calls out of a page that is mapped anew
constexpr u32 kOtherFrame = kFrames + 0x2000;
constexpr u8 kGate = 0x40;

// --- Within one ring. X(label, name, assembly, answer in EAX); EAX is 0 at first, EBX points to kOtherStack's top.
// clang-format off
#define SNIPPETS \
  X(deep, "150,000 calls deep", \
    "movl $150000, %ecx; call 1f; int $0x30; 1: incl %eax; decl %ecx; jz 2f; call 1b; 2: ret", 150000) \
  X(never, "500,000 calls from which nobody returns", \
    "movl $500000, %ecx; 1: call 2f; ud2; 2: addl $4, %esp; incl %eax; loop 1b; int $0x30", 500000) \
  X(pushed, "returns to what was pushed", \
    "movl $5000, %ecx; 1: pushl $2f; ret; ud2; 2: incl %eax; loop 1b; int $0x30", 5000) \
  X(release, "RET that releases arguments", \
    "movl $5000, %ecx; 1: pushl $5; pushl $7; call 2f; addl %edx, %eax; loop 1b; int $0x30; " \
    "2: movl 4(%esp), %edx; ret $8", 35000) \
  X(replaced, "a return address that is replaced", \
    "movl $5000, %ecx; 1: call 2f; ud2; 2: movl $3f, (%esp); ret; 3: incl %eax; loop 1b; int $0x30", 5000) \
  X(outermost, "a return over three calls at once", \
    "movl $5000, %ecx; 1: call 2f; incl %eax; loop 1b; int $0x30; " \
    "2: movl %esp, %ebp; call 3f; ud2; 3: call 4f; ud2; 4: movl %ebp, %esp; ret", 5000) \
  X(here, "calls of the next instruction", \
    "movl $5000, %ecx; 1: call 3f; loop 1b; int $0x30; 3: call 2f; 2: popl %edx; subl $2b, %edx; setz %dl; " \
    "addl %edx, %eax; ret", 5000) \
  X(coroutines, "two stacks in turn", \
    "movl $2f, (%ebx); movl %ebx, %edi; movl $5000, %ecx; 1: call 3f; incl %eax; loop 1b; int $0x30; " \
    "2: call 3f; addl $0x10000, %eax; jmp 2b; 3: xchgl %esp, %edi; ret", 4999 * 0x10000 + 5000)
// clang-format on

#define X(label, name, text, answer) asm("returns_" #label ": " text);
SNIPPETS
#undef X

// --- Between rings.
asm(R"(
returns_kernel_calls:         # at ring 0: a call is pending while ring 3 returns to where it would; not if ECX is 0
  movl $0x23, %eax
  movw %ax, %ds
  movw %ax, %es
  call 1f
returns_after_call:
  movl 0x40000000, %eax
  int $0x30
1: jecxz 3f
  pushl $0x23
  pushl $0xd00000
  pushl $2
  pushl $0x1b
  pushl $2f
  iret
2: pushl $returns_after_call
3: ret

returns_user_calls:           # and the other way round
  call 1f
returns_after_user_call:
  movl 0x40000000, %eax
  int $0x30
1: jecxz 2f
  int $0x40
2: ret
returns_gate:
  pushl $returns_after_user_call
  ret

returns_map_by_page:          # EBX: the entry, EDX: its new value, ESI: the page
  movl %edx, (%ebx)
  invlpg (%esi)
  ret
returns_map_by_cr3:
  movl %edx, (%ebx)
  movl %cr3, %eax
  movl %eax, %cr3
  ret
)");

#define X(label, name, text, answer) extern "C" const u8 returns_##label[];
}  // namespace
SNIPPETS
#undef X
extern "C" const u8 returns_kernel_calls[], returns_user_calls[], returns_gate[], returns_map_by_page[],
    returns_map_by_cr3[];
namespace {

Text answer(const Trap& t) { return t.done() ? Text("eax ") << t.at.eax : describe(t); }

// The same each time.
template <class F>
Text often(F f) {
  const Text first = f();
  for (u32 n = 1; n < kRounds; ++n) {
    if (const Text now = f(); !(now == first)) return Text(first) << ", later " << now;
  }
  return first;
}

State at_code(u32 ring, const u8* code) {
  State s = state_at_ring(ring);
  s.eip = reinterpret_cast<u32>(code);
  return s;
}

void within_ring(u32 ring, const char* name, const u8* code, u32 expected) {
  const Text got = often([&] {
    State s = at_code(ring, code);
    s.eax = 0, s.ebx = kOtherStack, s.esp = kStack;
    return answer(run(s));
  });
  expect(Text("ring ") << ring << ", " << name, got, Text("eax ") << expected);
}

void between_rings() {
  map_page(Paging::kPae, kWindow, kFrames, entry::kPresent | entry::kWrite);
  at<u32>(kWindow) = kSecret;
  idt[kGate] = gate(kCode0, reinterpret_cast<u32>(returns_gate), 0xee);
  // Where the call returns as calls do every other time, so that the way back is known.
  const auto both = [](u32 ring, const u8* code) {
    State s = at_code(ring, code);
    s.ecx = 0;
    const Text usual = answer(run(s));
    s.ecx = 1;
    return Text(usual) << ", then " << answer(run(s));
  };
  const Text read = Text("eax ") << kSecret, refused = page_fault(pf::kPresent | pf::kUser, kWindow);
  expect("ring 3 to where a call of ring 0 is pending", often([&] { return both(0, returns_kernel_calls); }),
         Text(read) << ", then " << refused);
  expect("ring 0 to where a call of ring 3 is pending", often([&] { return both(3, returns_user_calls); }),
         Text(refused) << ", then " << read);
}

// A call's page becomes another before the call returns.
void mapped_anew(const char* name, const u8* by) {
  const Entry entry = table_entry(Paging::kPae, kCaller);
  const auto put = [](u32 frame, u8 answer) {
    // call by; mov eax, answer; int 30
    const u8 code[] = {0xe8, 0, 0, 0, 0, 0xb8, answer, 0, 0, 0, 0xcd, kDone};
    for (u32 n = 0; n < sizeof code; ++n) at<u8>(frame + n) = code[n];
  };
  put(kCallerFrame, 1);
  put(kOtherFrame, 2);
  at<u32>(kCallerFrame + 1) = reinterpret_cast<u32>(by) - (kCaller + 5);
  expect(name, often([&] {
           map_page(Paging::kPae, kCaller, kCallerFrame, entry::kAll);
           invlpg(kCaller);
           State s = state_at_ring(0);
           s.eip = s.esi = kCaller;
           s.ebx = entry.address;
           s.edx = kOtherFrame | entry::kAll;
           return answer(run(s));
         }),
         "eax 2");
}

}  // namespace

void guest_main() {
  start_paging(Paging::kPae, has_nx());
  for (const u32 ring : {0u, 3u}) {
#define X(label, name, text, answer) within_ring(ring, name, returns_##label, answer);
    SNIPPETS
#undef X
  }
  between_rings();
  mapped_anew("to a page that INVLPG made another", returns_map_by_page);
  mapped_anew("to a page that MOV CR3 made another", returns_map_by_cr3);
  stop_paging();
}
