// What an access may touch of its segment: limits of data that expands up and down, rights by type, null selectors
// (SDM 3A, 5.3, 5.5 and 3.4.5.1).
//
// A line is one segment, access and size; its letters are offsets around the limit, around 64 KiB and 0. '.': done,
// G: #GP(0), S: #SS(0), '?': anything else.
#include <initializer_list>

#include "frame.hpp"

using namespace bare;

namespace {

constexpr u16 kSegment = kFreeSelectors | 3;
constexpr u32 kBase = 0x200000, kLimit = 0x2345;

struct Kind {
  const char* name;
  u32 access, limit, flags;  // flags: G 8, D/B 4
  bool readable, writable, down;
};
constexpr Kind kKinds[] = {
    {"read-only data", 0xf1, kLimit, 4, true, false, false},
    {"data", 0xf3, kLimit, 4, true, true, false},
    {"data of 3 pages", 0xf3, 2, 0xc, true, true, false},
    {"data to 64K", 0xf3, 0xffff, 0, true, true, false},
    {"read-only expand-down", 0xf5, kLimit, 4, true, false, true},
    {"expand-down", 0xf7, kLimit, 4, true, true, true},
    {"expand-down of 16 bits", 0xf7, kLimit, 0, true, true, true},
    {"expand-down of pages", 0xf7, 2, 0xc, true, true, true},
    {"readable code", 0xfb, kLimit, 4, true, false, false},
    {"conforming readable code", 0xff, kLimit, 4, true, false, false},
};
u32 limit_of(const Kind& k) { return (k.flags & 8) ? k.limit << 12 | 0xfff : k.limit; }

bool allowed(const Kind& k, bool write, u32 offset, u32 size) {
  if (!(write ? k.writable : k.readable)) return false;
  const u32 last = offset + size - 1;
  if (k.down) return offset > limit_of(k) && ((k.flags & 4) || last <= 0xffff);
  return last <= limit_of(k);
}

u32 resume_at, fault_vector, fault_error;
bool note_fault(Frame& f) {
  if (resume_at == 0 || f.vector == kDone) return false;
  fault_vector = f.vector;
  fault_error = f.error;
  f.eip = resume_at;
  resume_at = 0;
  return true;
}

// One access by FS or SS at ring 3, so that the trap has a stack of its own.
char access_by(bool stack, bool write, u32 offset, u32 size) {
  fault_vector = 0;
  const u32 selector = kSegment;
#define ACCESS(segment, instruction)                                                             \
  asm volatile("mov %%" segment ", %%ecx\n movl $1f, %0\n mov %w1, %%" segment "\n " instruction \
               "\n 1: mov %%ecx, %%" segment                                                     \
               : "=m"(resume_at)                                                                 \
               : "r"(selector), "r"(offset)                                                      \
               : "eax", "ecx", "memory")
  if (!stack) {
    if (!write && size == 1) ACCESS("fs", "mov %%fs:(%2), %%al");
    if (!write && size == 2) ACCESS("fs", "mov %%fs:(%2), %%ax");
    if (!write && size == 4) ACCESS("fs", "mov %%fs:(%2), %%eax");
    if (write && size == 1) ACCESS("fs", "mov %%al, %%fs:(%2)");
    if (write && size == 2) ACCESS("fs", "mov %%ax, %%fs:(%2)");
    if (write && size == 4) ACCESS("fs", "mov %%eax, %%fs:(%2)");
  } else {
    if (!write && size == 4) ACCESS("ss", "mov %%ss:(%2), %%eax");
    if (write && size == 4) ACCESS("ss", "mov %%eax, %%ss:(%2)");
  }
#undef ACCESS
  resume_at = 0;
  if (fault_vector == 0) return '.';
  if (fault_error != 0) return '?';
  return fault_vector == 13 ? 'G' : fault_vector == 12 ? 'S' : '?';
}

void line(const Kind& k, bool stack, bool write, u32 size) {
  const u32 limit = limit_of(k);
  const u32 offsets[] = {0,         1,      limit - 4, limit - 3, limit - 2, limit - 1, limit,   limit + 1,
                         limit + 2, 0xfffb, 0xfffc,    0xfffd,    0xfffe,    0xffff,    0x10000, 0x80000};
  constexpr u32 kCount = sizeof offsets / sizeof *offsets;
  char got[kCount + 1] = {}, wanted[kCount + 1] = {};
  gdt[kSegment >> 3] = descriptor(kBase, k.limit, k.access, k.flags);
  const Trap t = call_at_ring(3, [&] {
    for (u32 i = 0; i < kCount; ++i) got[i] = access_by(stack, write, offsets[i], size);
  });
  for (u32 i = 0; i < kCount; ++i) wanted[i] = allowed(k, write, offsets[i], size) ? '.' : stack ? 'S' : 'G';
  Text name = Text(stack ? "ss " : "fs ") << k.name << (write ? ", write " : ", read ") << size;
  expect(name, t.done() ? Text(got) : describe(t), wanted);
}

// A null selector may be held, not used.
void null_selectors() {
  const Trap t = call_at_ring(3, [] { asm volatile("mov %w0, %%fs; mov %%fs:0, %%eax" : : "r"(3) : "eax"); });
  expect("access by a null selector", describe(t), fault("#GP", 0));
  const Trap u = call_at_ring(0, [] { asm volatile("mov %w0, %%gs; movb $0, %%gs:0x1000" : : "r"(0)); });
  expect("write by a null selector", describe(u), fault("#GP", 0));
}

// By CS: execute-only code can't be read, no code can be written.
void code_segments() {
  static u8 code[16] = {0x2e, 0xa0, 0, 0, 0, 0, 0xcd, kDone};  // mov al, cs:[0]; int 30h
  const auto with = [](u8 opcode, u32 access) {
    code[1] = opcode;
    gdt[kFreeSelectors >> 3] = descriptor(reinterpret_cast<u32>(code), 15, access, 4);
    State s = state_at_ring(0);
    s.cs = kFreeSelectors;
    s.eip = 0;
    return describe(run(s));
  };
  expect("read of execute-only code", with(0xa0, 0x99), fault("#GP", 0));
  expect("read of readable code", with(0xa0, 0x9b), "done");
  expect("write of readable code", with(0xa2, 0x9b), fault("#GP", 0));
}

// Code ends at its segment's limit: #GP(0) by the fetch, also in the middle of an instruction.
void code_limit() {
  static u8 code[16] = {0x90, 0x90, 0xb8, 1, 0, 0, 0, 0xcd, kDone};  // nop; nop; mov eax, 1; int 30h
  for (const u32 limit : {8u, 7u, 6u, 5u, 2u, 1u, 0u}) {
    gdt[kFreeSelectors >> 3] = descriptor(reinterpret_cast<u32>(code), limit, 0x9b, 4);
    State s = state_at_ring(0);
    s.cs = kFreeSelectors;
    s.eip = 0;
    s.eax = 0;
    const Trap t = run(s);
    const u32 stops = limit >= 8 ? 9 : limit >= 6 ? 7 : limit >= 1 ? 2 : 1;
    expect(Text("code segment of limit ") << limit, (describe(t) << " at ") << t.at.eip,
           (limit >= 8 ? Text("done") : fault("#GP", 0)) << " at " << stops);
  }
}

}  // namespace

void guest_main() {
  null_selectors();
  code_segments();
  code_limit();
  trap_hook = note_fault;
  for (const Kind& k : kKinds) {
    for (const bool write : {false, true}) {
      for (const u32 size : {1u, 2u, 4u}) line(k, false, write, size);
      if (k.writable) line(k, true, write, 4);
    }
  }
}
