// Code that changes: by itself, through another linear address, by its page tables; and code that lies across pages.
// What runs is what is in memory when the instruction begins (SDM 3A, 8.1.3; since the P6 family without a jump in
// between).
//
// Each case is code of its own, copied to a page of the window and run there at ring 3; it ends with INT 30h and its
// answer is in EAX.
#include "paging.hpp"

using namespace bare;

namespace {

constexpr u32 kCode = kWindow, kNext = kWindow + 0x1000, kAlias = kWindow + 0x8000;
constexpr u32 kDone0 = 0xcd, kDone1 = 0x30;  // INT 30h

void copy(u32 to, const u8* from, const u8* end) {
  for (u32 i = 0; from + i < end; ++i) at<u8>(to + i) = from[i];
}
void put(u32 to, const u8* bytes, u32 count) { copy(to, bytes, bytes + count); }

// The window's first two pages, and the same once more at kAlias.
void map_window() {
  map_page(Paging::kPae, kCode, kFrames, entry::kAll);
  map_page(Paging::kPae, kNext, kFrames + 0x1000, entry::kAll);
  map_page(Paging::kPae, kAlias, kFrames, entry::kAll);
  map_page(Paging::kPae, kAlias + 0x1000, kFrames + 0x1000, entry::kAll);
}

Trap enter(u32 eip, u32 eax = 0, u32 ebx = 0, u32 ecx = 0, u32 edi = 0) {
  State s = state_at_ring(3);
  s.eip = eip;
  s.eax = eax, s.ebx = ebx, s.ecx = ecx, s.edi = edi;
  return run(s);
}
Text answer(const Trap& t) { return t.done() ? Text("eax ") << t.at.eax : describe(t); }

// --- Code that writes to itself. X(label, name, assembly, answer); EBX is where the code is.
// clang-format off
#define SNIPPETS \
  X(next, "the next instruction's immediate", \
    "movb $7, 1f-0b+1(%ebx); 1: movl $1, %eax", 7) \
  X(next_opcode, "the next instruction's opcode", \
    "movb $0x48, 1f-0b(%ebx); 1: incl %eax", 0xffffffff) \
  X(later, "an instruction of the same line further on", \
    "movb $7, 1f-0b+1(%ebx); nop; nop; nop; 1: movl $1, %eax", 7) \
  X(other_line, "an instruction of another line", \
    "movb $7, 1f-0b+1(%ebx); jmp 1f; .skip 200, 0x90; 1: movl $1, %eax", 7) \
  X(itself, "its own immediate, which the next round adds", \
    "xorl %eax, %eax; movl $3, %ecx; 1: addb $1, 1b-0b+3(%ebx); loop 1b; movb 1b-0b+3(%ebx), %al", 8) \
  X(loop, "a loop's body, each time round", \
    "xorl %eax, %eax; movl $5, %ecx; 1: addl $1, %eax; incb 1b-0b+2(%ebx); loop 1b", 15) \
  X(backward, "an instruction before, then a jump back", \
    "xorl %eax, %eax; 1: addl $1, %eax; cmpb $3, 1b-0b+2(%ebx); je 2f; movb $3, 1b-0b+2(%ebx); jmp 1b; 2:", 4) \
  X(dword, "four bytes over two instructions", \
    "movl $0x40404040, 1f-0b(%ebx); 1: nop; nop; nop; nop", 4) \
  X(locked, "by a locked addition", \
    "lock addl $0x100, 1f-0b(%ebx); 1: movl $1, %eax", 2) \
  X(exchange, "by an exchange", \
    "movb $6, %al; xchgb %al, 1f-0b+1(%ebx); 1: movl $1, %eax", 6) \
  X(push, "by a push", \
    "leal 1f-0b+5(%ebx), %esp; pushl $8; 1: movl $1, %eax", 8) \
  X(stos, "by a string store", \
    "leal 1f-0b(%ebx), %edi; movb $0x40, %al; movl $3, %ecx; rep stosb; xorl %eax, %eax; 1: nop; nop; nop", 3) \
  X(movs, "by a string move", \
    "leal 1f-0b(%ebx), %edi; leal 2f-0b(%ebx), %esi; movl $3, %ecx; xorl %eax, %eax; rep movsb; 1: nop; nop; nop; " \
    "jmp 3f; 2: incl %eax; incl %eax; incl %eax; 3:", 3) \
  X(x87, "by an x87 store", \
    "fld1; fistps 1f-0b+1(%ebx); 1: movl $0x900, %eax", 1) \
  X(mmx, "by an MMX store", \
    "movl $0x90404040, %eax; movd %eax, %mm0; xorl %eax, %eax; movd %mm0, 1f-0b(%ebx); emms; 1: nop; nop; nop; nop", 3) \
  X(alias, "through another address of the page", \
    "movb $7, 0x8000+1f-0b+1(%ebx); 1: movl $1, %eax", 7) \
  X(alias_twice, "through another address, twice", \
    "xorl %edx, %edx; movl $2, %ecx; 1: movl $1, %eax; addl %eax, %edx; incb 0x8000+1b-0b+1(%ebx); loop 1b; movl %edx, %eax", 3) \
  X(called, "a function between two calls of it", \
    "xorl %edx, %edx; call 1f; addl %eax, %edx; movb $4, 1f-0b+1(%ebx); call 1f; addl %edx, %eax; jmp 2f; " \
    "1: movl $1, %eax; ret; 2:", 5) \
  X(shift, "by a shift of its own opcode", \
    "xorl %eax, %eax; rolb $0, 1f-0b(%ebx); orb $8, 1f-0b(%ebx); 1: incl %eax", 0xffffffff)
// clang-format on

#define X(label, name, text, answer) asm("snippet_" #label ": 0: " text "\nint $0x30\nsnippet_end_" #label ":");
SNIPPETS
#undef X
#define X(label, name, text, answer) extern "C" const u8 snippet_##label[], snippet_end_##label[];
}  // namespace
SNIPPETS
#undef X
namespace {

struct Snippet {
  const char* name;
  const u8 *begin, *end;
  u32 answer;
};
constexpr Snippet kSnippets[] = {
#define X(label, name, text, answer) {name, snippet_##label, snippet_end_##label, answer},
    SNIPPETS
#undef X
};

void snippets(const char* where, u32 offset) {
  for (const Snippet& s : kSnippets) {
    copy(kCode + offset, s.begin, s.end);
    expect(Text(where) << s.name, answer(enter(kCode + offset, 0, kCode + offset)), Text("eax ") << s.answer);
  }
}

// --- MOV EAX, imm32 whose immediate begins in the next page.

constexpr u8 kMov[] = {0xb8, 1, 0, 0, 0, kDone0, kDone1}, kElsewhere[] = {0, 1, kDone0, kDone1};

void straddling() {
  const u32 begin = kNext - 3;
  const auto go = [&] { return answer(enter(begin)); };
  put(begin, kMov, sizeof kMov);
  expect("across pages", go(), "eax 1");
  at<u8>(kNext) = 1;
  expect("across pages, second page written", go(), "eax 65537");
  at<u8>(kNext - 2) = 2;
  expect("across pages, first page written", go(), "eax 65538");

  put(kFrames + 0x3000, kElsewhere, sizeof kElsewhere);
  map_page(Paging::kPae, kNext, kFrames + 0x3000, entry::kAll);
  expect("across pages, second page mapped elsewhere", go(), "eax 16777218");
  map_page(Paging::kPae, kNext, kFrames + 0x3000, 0);
  expect("across pages, second page absent", go(), page_fault(pf::kUser | (has_nx() ? pf::kFetch : 0), kNext));
  map_page(Paging::kPae, kNext, kFrames + 0x3000, entry::kPresent);
  expect("across pages, second page the supervisor's", go(),
         page_fault(pf::kPresent | pf::kUser | (has_nx() ? pf::kFetch : 0), kNext));
  if (has_nx()) {
    map_page(Paging::kPae, kNext, kFrames + 0x3000, entry::kAll | entry::kNoExecute);
    expect("across pages, second page not executable", go(), page_fault(pf::kPresent | pf::kUser | pf::kFetch, kNext));
  }
  map_page(Paging::kPae, kNext, kFrames + 0x1000, entry::kAll);
  expect("across pages, second page back", go(), "eax 65538");
  // The instruction before ends with its page: nothing is fetched that does not run.
  map_page(Paging::kPae, kNext, 0, 0);
  put(kNext - 2, kElsewhere + 2, 2);
  expect("up to the last byte of a page", answer(enter(kNext - 2, 5)), "eax 5");
  map_window();

  // The segment's limit within the instruction: #GP(0) (SDM 3A, 5.3). 15 bytes with prefixes, 16 are too many.
  constexpr u16 kShort = kFreeSelectors | 3;
  put(begin, kMov, sizeof kMov);
  for (u32 bytes = 4; bytes <= 7; ++bytes) {
    gdt[kShort >> 3] = descriptor(kCode, (begin - kCode) + bytes - 1, 0xfb, 4);
    State s = state_at_ring(3);
    s.cs = kShort;
    s.eip = begin - kCode;
    const Trap t = run(s);
    expect(Text("across pages, limit after byte ") << bytes, answer(t) << " eip " << (t.at.eip - s.eip),
           bytes < 5   ? "#GP(0000) eip 0"
           : bytes < 7 ? "#GP(0000) eip 5"
                       : "eax 1 eip 7");
  }
  for (u32 prefixes = 9; prefixes <= 12; ++prefixes) {
    for (u32 i = 0; i < prefixes; ++i) at<u8>(kNext - 8 + i) = 0x3e;
    put(kNext - 8 + prefixes, kMov, sizeof kMov);
    expect(Text("across pages, ") << prefixes + 5 << " bytes long", answer(enter(kNext - 8)),
           prefixes + 5 <= 15 ? "eax 1" : "#GP(0000)");
  }
}

// An instruction in the first page that changes the one that straddles, its second part.
void straddling_written() {
  // movb $7, kNext(disp32); then MOV EAX across the boundary.
  const u32 mov = kNext - 3;
  const u8 store[] = {0xc6, 0x05, 0, 0, 0, 0, 7};
  put(mov - 7, store, sizeof store);
  at<u32>(mov - 5) = kNext;
  put(mov, kMov, sizeof kMov);
  expect("across pages, the one before writes to its tail", answer(enter(mov - 7)), "eax 458753");
}

// --- By the page tables.

void remapped() {
  const u8 one[] = {0xb8, 1, 0, 0, 0, kDone0, kDone1}, two[] = {0xb8, 2, 0, 0, 0, kDone0, kDone1};
  put(kFrames, one, sizeof one);
  put(kFrames + 0x2000, two, sizeof two);
  map_window();
  expect("first page", answer(enter(kCode)), "eax 1");
  map_page(Paging::kPae, kCode, kFrames + 0x2000, entry::kAll);
  expect("another page at its address", answer(enter(kCode)), "eax 2");
  at<u8>(kFrames + 1) = 3;
  expect("the first one written meanwhile", answer(enter(kAlias)), "eax 3");
  map_page(Paging::kPae, kCode, kFrames, entry::kAll);
  expect("the first page back", answer(enter(kCode)), "eax 3");
}

// --- The same bytes as 16-bit and as 32-bit code: B8 01 00 00 00 CD 30.
void both_sizes() {
  put(kFrames, kMov, sizeof kMov);
  // As 16-bit code: MOV AX, 1; ADD [BX + SI], AL; INT 30h.
  constexpr u16 kCode16User = (kFreeSelectors + 8) | 3;
  gdt[kCode16User >> 3] = descriptor(kCode, 0xffff, 0xfb, 0);
  for (u32 round = 0; round < 2; ++round) {
    expect("as 32-bit code", answer(enter(kCode, 0xff0000)), "eax 1");
    State s = state_at_ring(3);
    s.cs = kCode16User;
    s.eax = 0xff0000, s.ebx = 0x8000, s.esi = 0x100;
    // DS:8100h is in the first 64 KiB, which are mapped.
    const u8 before = at<u8>(0x8100);
    const Trap t = run(s);
    const bool added = static_cast<u8>(at<u8>(0x8100) - before) == 1;
    expect("as 16-bit code", answer(t) << (added ? ", added" : ""), "eax 16711681, added");
  }
}

}  // namespace

void guest_main() {
  write_cr4(read_cr4() | 0x200);
  asm volatile("fninit");
  start_paging(Paging::kPae, has_nx());
  map_window();
  snippets("", 0);
  snippets("near the page's end: ", 0x1000 - 0x30);
  snippets("across pages: ", 0x1000 - 6);
  snippets("across pages later: ", 0x1000 - 13);
  straddling();
  straddling_written();
  remapped();
  both_sizes();
  stop_paging();
}
