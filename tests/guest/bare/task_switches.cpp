// Task switches by JMP, CALL, IRET and task gates: what is saved and loaded, busy bits, NT and the link; which fault
// comes in whose name; the T flag; 16-bit tasks; virtual-8086 tasks (SDM 3A, chapter 7 and table 7-1).
#include <initializer_list>

#include "frame.hpp"

using namespace bare;

namespace {

constexpr u16 kOther = kFreeSelectors, kOther16 = kFreeSelectors + 8, kGate = kFreeSelectors + 16,
              kLdt = kFreeSelectors + 24, kBad = kFreeSelectors + 32, kConforming = kFreeSelectors + 40;
constexpr u32 kNt = 1u << 14, kTrapFlag = 1u << 8, kVm = 1u << 17;
constexpr u32 kVector = 0x40;

// The 16-bit task state segment (SDM 3A, figure 7-10).
struct TaskState16 {
  u16 link, sp0, ss0, sp1, ss1, sp2, ss2, ip, flags, ax, cx, dx, bx, sp, bp, si, di, es, cs, ss, ds, ldt;
};
alignas(128) TaskState other;
alignas(128) TaskState16 other16;
alignas(16) u8 stack[2048], code[32];
u64 ldt[4];
const u8 done[] = {0xcd, kDone};

u32 top() { return reinterpret_cast<u32>(stack) + sizeof stack; }
u64 task_descriptor(const void* t, u32 limit, u32 access) {
  return descriptor(reinterpret_cast<u32>(t), limit, access, 0);
}
bool busy(u16 selector) { return gdt[selector >> 3] >> 41 & 1; }
void set_busy(u16 selector, bool on) {
  gdt[selector >> 3] = on ? gdt[selector >> 3] | u64{2} << 40 : gdt[selector >> 3] & ~(u64{2} << 40);
}

// Both tasks as before any switch: the frame's in TR and busy, the others ready to run `done`.
void prepare() {
  set_busy(kTaskSelector, false);
  asm volatile("ltr %w0" : : "r"(u32{kTaskSelector}));
  for (u32* p = reinterpret_cast<u32*>(&other); p != reinterpret_cast<u32*>(&other + 1);) *p++ = 0;
  other.eip = reinterpret_cast<u32>(done);
  other.eflags = 2;
  other.esp = top();
  other.esp0 = top() - 512, other.ss0 = kData0;
  other.eax = 0xa0a0a0a0, other.ecx = 0xc0c0c0c0, other.edx = 0xd0d0d0d0, other.ebx = 0xb0b0b0b0;
  other.ebp = 0xbbbbbbbb, other.esi = 0x51515151, other.edi = 0xd1d1d1d1;
  other.cs = kCode0, other.ss = other.ds = other.es = kData0, other.fs = kData3, other.gs = 0;
  other.io_map = sizeof other;
  gdt[kOther >> 3] = task_descriptor(&other, 0x67, 0x89);
  other16 = {};
  other16.ip = 0x100;
  other16.flags = 2;
  other16.sp = 0x8000;
  other16.ax = 0xa0a0;
  // At ring 3: on its own stack, with ESP's upper half undefined, the frame could not take a trap.
  other16.cs = kCode3, other16.ss = other16.ds = other16.es = kData3;
  other16.sp0 = 0x9000, other16.ss0 = kData0;
  gdt[kOther16 >> 3] = task_descriptor(&other16, 0x2b, 0x81);
  at<u16>(0x100) = 0x30cd;  // int 30h
  gdt[kGate >> 3] = gate(kOther, 0, 0xe5);
  gdt[kLdt >> 3] = descriptor(reinterpret_cast<u32>(ldt), sizeof ldt - 1, 0x82, 0);
  gdt[kConforming >> 3] = descriptor(0, 0xfffff, 0x9f, 0xc);
  idt[kVector] = gate(kOther, 0, 0xe5);
}

enum Kind : u8 { kJump = 0xea, kCall = 0x9a, kInterrupt = 0xcd, kReturn = 0xcf };
void write_code(Kind kind, u16 selector) {
  code[0] = kind;
  for (u32 i = 1; i < sizeof code; ++i) code[i] = 0x90;
  if (kind == kInterrupt) code[1] = kVector;
  if (kind == kJump || kind == kCall) at<u16>(reinterpret_cast<u32>(code) + 5) = selector;
  asm volatile("" : : : "memory");
}

Trap go(Kind kind, u16 selector = kOther, u32 ring = 0, u32 eflags = 2) {
  write_code(kind, selector);
  State s = state_at_ring(ring);
  s.eip = reinterpret_cast<u32>(code);
  s.eflags = eflags;
  s.ebx = 0x12345678;
  s.edi = 0x87654321;
  if (kind == kReturn) s.eflags |= kNt;
  const Trap t = run(s);
  return t;
}

// Who is busy and what the link, NT and TR are, after an INT in the new task.
Text marks(const Trap& t, u16 selector) {
  u32 tr;
  asm volatile("str %0" : "=r"(tr));
  const u16 link = selector == kOther16 ? other16.link : static_cast<u16>(other.link);
  Text text = describe(t) << (busy(kTaskSelector) ? ", old busy" : ", old free")
                          << (busy(selector) ? ", new busy" : ", new free");
  text << " link ";
  return (text.hex(link, 4) << ((t.at.eflags & kNt) ? " nt" : " no nt") << " tr ").hex(tr & 0xffff, 4);
}

void switches() {
  prepare();
  expect("jmp", marks(go(kJump), kOther), "done, old free, new busy link 0000 no nt tr 0080");
  prepare();
  expect("call", marks(go(kCall), kOther), "done, old busy, new busy link 0028 nt tr 0080");
  prepare();
  expect("jmp by a gate", marks(go(kJump, kGate), kOther), "done, old free, new busy link 0000 no nt tr 0080");
  prepare();
  expect("call by a gate", marks(go(kCall, kGate), kOther), "done, old busy, new busy link 0028 nt tr 0080");
  prepare();
  expect("interrupt", marks(go(kInterrupt), kOther), "done, old busy, new busy link 0028 nt tr 0080");
  prepare();
  set_busy(kOther, true);
  tss.link = kOther;
  expect("iret with nt", marks(go(kReturn), kOther), "done, old free, new busy link 0000 no nt tr 0080");
  prepare();
  other.eflags = 2 | kNt;
  expect("jmp to a task with nt in its image", marks(go(kJump), kOther),
         "done, old free, new busy link 0000 nt tr 0080");
  prepare();
  expect("call to a 16-bit task", marks(go(kCall, kOther16), kOther16),
         "done, old busy, new busy link 0028 nt tr 0088");
  prepare();
  expect("jmp to a 16-bit task", marks(go(kJump, kOther16), kOther16),
         "done, old free, new busy link 0000 no nt tr 0088");
  // TS is set, LDTR and CR3 are the task's.
  prepare();
  asm volatile("clts");
  other.ldt = kLdt;
  (void)go(kJump);
  u32 selector;
  asm volatile("sldt %0" : "=r"(selector));
  expect("ts and ldtr", Text((read_cr0() & 8) ? "ts " : "no ts ").hex(selector & 0xffff, 4), "ts 0098");
  asm volatile("lldt %w0; clts" : : "r"(0));
}

void registers() {
  prepare();
  const Trap t = go(kCall, kOther, 0, 0x8d7);
  expect("loaded", (((Text().hex(t.at.eax) << ' ').hex(t.at.ebp) << ' ').hex(t.at.edi) << " fs ").hex(t.at.fs, 4),
         "a0a0a0a0 bbbbbbbb d1d1d1d1 fs 0023");
  expect("saved", ((Text().hex(tss.ebx) << ' ').hex(tss.edi) << " eflags ").hex(tss.eflags),
         "12345678 87654321 eflags 000008d7");
  expect("saved eip", Text() << tss.eip - reinterpret_cast<u32>(code), "7");
  expect("saved selectors",
         (((Text().hex(tss.cs, 4) << ' ').hex(tss.ss, 4) << ' ').hex(tss.ds, 4) << ' ').hex(tss.es, 4),
         "0008 0010 0010 0010");
  prepare();
  const Trap w = go(kJump, kOther16);
  // The upper halves of a 16-bit task's registers (7.6).
  expect("loaded from 16 bits", Text().hex(w.at.eax & 0xffff, 4) << ' ' << u32{w.at.eip}, "a0a0 258");
  // IRET with NT clears it in the image of the task that ends (7.2.1).
  prepare();
  set_busy(kOther, true);
  tss.link = kOther;
  (void)go(kReturn);
  expect("nt in the image of the task that ended", (tss.eflags & kNt) ? "set" : "clear", "clear");
  // A fault's image has RF, and its EIP is the instruction's own (SDM 3B, 17.3.1.1). #UD by a task gate.
  prepare();
  const u64 old = idt[6];
  idt[6] = gate(kOther, 0, 0x85);
  write_code(kJump, kOther);
  code[0] = 0x0f, code[1] = 0x0b;
  asm volatile("" : : : "memory");
  State s = state_at_ring(3);
  s.eip = reinterpret_cast<u32>(code);
  const Trap u = run(s);
  idt[6] = old;
  expect("#UD by a task gate",
         marks(u, kOther) << ((tss.eflags & 1u << 16) ? " rf" : " no rf") << (tss.eip == s.eip ? " own eip" : ""),
         "done, old busy, new busy link 0028 nt tr 0080 rf own eip");
  // An error code goes on the new task's stack (7.3 step 15). mov ds, fff8.
  prepare();
  const u64 gp = idt[13];
  idt[13] = gate(kOther, 0, 0x85);
  const u8 bad_load[] = {0xb8, 0xf8, 0xff, 0, 0, 0x8e, 0xd8};
  s = state_at_ring(0);
  s.eip = reinterpret_cast<u32>(bad_load);
  const Trap v = run(s);
  idt[13] = gp;
  expect("#GP by a task gate", (describe(v) << " error ").hex(at<u32>(v.at.esp), 4) << " at " << top() - v.at.esp,
         "done error fff8 at 4");
  prepare();
}

// DPL, RPL and CPL (SDM 2A, CALL): 'g' the TSS or gate is refused. Letters by RPL 0 to 3.
void privileges() {
  for (const bool by_gate : {false, true}) {
    for (u32 dpl = 0; dpl < 4; ++dpl) {
      for (u32 cpl = 0; cpl < 4; ++cpl) {
        Text got, wanted;
        for (u32 rpl = 0; rpl < 4; ++rpl) {
          prepare();
          gdt[kOther >> 3] = task_descriptor(&other, 0x67, 0x89 | (by_gate ? 0 : dpl << 5));
          gdt[kGate >> 3] = gate(kOther, 0, 0x85 | dpl << 5);
          const u16 selector = static_cast<u16>((by_gate ? kGate : kOther) | rpl);
          const Trap t = go(kJump, selector, cpl);
          got << (t.done() ? '.' : t.vector == 13 && t.error == (selector & 0xfffcu) ? 'g' : '?');
          wanted << (dpl >= cpl && dpl >= rpl ? '.' : 'g');
        }
        expect((Text(by_gate ? "task gate" : "tss") << " of dpl ") << dpl << " at ring " << cpl, got, wanted);
      }
    }
  }
}

// Before the switch: faults of the old task (table 7-1, first rows).
void refused() {
  const auto with = [](Kind kind, u64 d, u16 selector = kOther) {
    gdt[kOther >> 3] = d;
    const Trap t = go(kind, selector);
    u32 tr;
    asm volatile("str %0" : "=r"(tr));
    return describe(t) << ((tr & 0xffff) == kTaskSelector ? "" : " in the new task");
  };
  prepare();
  expect("jmp to a busy tss", with(kJump, task_descriptor(&other, 0x67, 0x8b)), fault("#GP", kOther));
  expect("jmp to a tss that is not present", with(kJump, task_descriptor(&other, 0x67, 0x09)), fault("#NP", kOther));
  expect("jmp to a tss that is too short", with(kJump, task_descriptor(&other, 0x66, 0x89)), fault("#TS", kOther));
  expect("jmp to a 16-bit tss that is too short", with(kJump, task_descriptor(&other16, 0x2a, 0x81)),
         fault("#TS", kOther));
  expect("gate to a busy tss", with(kJump, task_descriptor(&other, 0x67, 0x8b), kGate), fault("#GP", kOther));
  expect("gate to code", with(kJump, gdt[kCode0 >> 3], kGate), fault("#GP", kOther));
  expect("gate to a tss that is not present", with(kJump, task_descriptor(&other, 0x67, 0x09), kGate),
         fault("#NP", kOther));
  gdt[kGate >> 3] = gate(kOther | 4, 0, 0xe5);
  expect("gate with a selector of the ldt", with(kJump, task_descriptor(&other, 0x67, 0x89), kGate),
         fault("#GP", kOther | 4));
  gdt[kGate >> 3] = gate(kOther, 0, 0x65);
  expect("gate that is not present", with(kJump, task_descriptor(&other, 0x67, 0x89), kGate), fault("#NP", kGate));
  prepare();
  expect("interrupt to a busy tss", with(kInterrupt, task_descriptor(&other, 0x67, 0x8b)), fault("#GP", kOther));
  expect("interrupt to a tss that is too short", with(kInterrupt, task_descriptor(&other, 0x66, 0x89)),
         fault("#TS", kOther));
  // IRET with NT: all of it is #TS but for P.
  prepare();
  tss.link = kOther;
  expect("iret to a tss that is not busy", with(kReturn, task_descriptor(&other, 0x67, 0x89)), fault("#TS", kOther));
  expect("iret to a tss that is not present", with(kReturn, task_descriptor(&other, 0x67, 0x0b)), fault("#NP", kOther));
  expect("iret to code", with(kReturn, gdt[kCode0 >> 3]), fault("#TS", kOther));
  tss.link = kOther | 4;
  expect("iret to a selector of the ldt", with(kReturn, task_descriptor(&other, 0x67, 0x8b)), fault("#TS", kOther | 4));
  tss.link = 0xfff8;
  expect("iret beyond the table", with(kReturn, task_descriptor(&other, 0x67, 0x8b)), fault("#TS", 0xfff8));
  tss.link = 0;
}

// After it: faults of the new task, in its own name (table 7-1).
void in_the_new_task() {
  const struct {
    const char* what;
    void (*spoil)();
    const char* mnemonic;
    u32 error;
  } cases[] = {
      {"ldt selector is null", [] { other.ldt = 0; }, nullptr, 0},
      {"ldt is no ldt", [] { other.ldt = kData0; }, "#TS", kData0},
      {"ldt is beyond the table", [] { other.ldt = 0xfff8; }, "#TS", 0xfff8},
      {"ldt is in the ldt", [] { other.ldt = kLdt | 4; }, "#TS", kLdt | 4},
      {"ldt is not present", [] { other.ldt = kLdt, gdt[kLdt >> 3] &= ~(u64{0x80} << 40); }, "#TS", kLdt},
      {"cs is null", [] { other.cs = 0; }, "#TS", 0},
      {"cs is data", [] { other.cs = kData0; }, "#TS", kData0},
      {"cs is beyond the table", [] { other.cs = 0xfff8; }, "#TS", 0xfff8},
      {"cs has an rpl that is not its dpl", [] { other.cs = kCode0 | 1; }, "#TS", kCode0},
      {"cs is not present", [] { other.cs = kBad, gdt[kBad >> 3] = descriptor(0, 0xfffff, 0x1b, 0xc); }, "#NP", kBad},
      {"cs is conforming of a lower dpl",
       [] { other.cs = kConforming | 3, other.ss = kData3, other.ds = other.es = kData3; }, nullptr, 0},
      {"ss is null", [] { other.ss = 0; }, "#TS", 0},
      {"ss is read-only", [] { other.ss = kBad, gdt[kBad >> 3] = descriptor(0, 0xfffff, 0x91, 0xc); }, "#TS", kBad},
      {"ss is of another ring", [] { other.ss = kData3; }, "#TS", kData3 & ~3u},
      {"ss is not present", [] { other.ss = kBad, gdt[kBad >> 3] = descriptor(0, 0xfffff, 0x13, 0xc); }, "#SS", kBad},
      {"es is execute-only", [] { other.es = kBad, gdt[kBad >> 3] = descriptor(0, 0xfffff, 0x99, 0xc); }, "#TS", kBad},
      {"ds is not present", [] { other.ds = kBad, gdt[kBad >> 3] = descriptor(0, 0xfffff, 0x13, 0xc); }, "#NP", kBad},
      {"gs is a system segment", [] { other.gs = kLdt; }, "#TS", kLdt},
      {"fs is beyond the table", [] { other.fs = 0xfff8; }, "#TS", 0xfff8},
      {"eip is beyond the limit", [] { other.cs = kBad, gdt[kBad >> 3] = descriptor(0, 0xff, 0x9b, 4); }, "#GP", 0},
  };
  // Faults at CPL 0 with a bad stack would be the end: they go to a task of their own.
  alignas(128) static TaskState handler;
  constexpr u16 kHandler = kFreeSelectors + 48;
  for (const auto& c : cases) {
    prepare();
    c.spoil();
    handler = {};
    handler.eip = reinterpret_cast<u32>(done);
    handler.eflags = 2;
    handler.esp = top() - 1024;
    handler.cs = kCode0, handler.ss = handler.ds = handler.es = kData0;
    gdt[kHandler >> 3] = task_descriptor(&handler, 0x67, 0x89);
    u64 old[4];
    u32 vectors[4] = {10, 11, 12, 13};
    for (u32 i = 0; i < 4; ++i) old[i] = idt[vectors[i]], idt[vectors[i]] = gate(kHandler, 0, 0x85);
    const Trap t = go(kJump);
    for (u32 i = 0; i < 4; ++i) idt[vectors[i]] = old[i];
    u32 tr;
    asm volatile("str %0" : "=r"(tr));
    // The handler task's link says in whose name the fault came; its stack holds the error code.
    Text got = describe(t);
    if ((tr & 0xffff) == kHandler) {
      got = Text("error ").hex(at<u32>(top() - 1024 - 4), 4)
            << (handler.link == kOther ? " of the new task" : " of the old task");
    }
    expect(c.what, got, c.mnemonic == nullptr ? Text("done") : Text("error ").hex(c.error, 4) << " of the new task");
  }
  prepare();
}

// Which vector: with a stack that is good, the frame's own handlers take it.
void vectors() {
  expect(
      "vector: ds that is not present",
      [] {
        prepare();
        other.ds = kBad;
        gdt[kBad >> 3] = descriptor(0, 0xfffff, 0x13, 0xc);
        return describe(go(kJump));
      }(),
      fault("#NP", kBad));
  expect(
      "vector: ds that is a system segment",
      [] {
        prepare();
        other.ds = kLdt;
        return describe(go(kJump));
      }(),
      fault("#TS", kLdt));
  prepare();
}

// The T flag (SDM 3B, 17.3.1.5), TF, local breakpoints (17.2.4).
void debug() {
  prepare();
  asm volatile("mov %0, %%dr6" : : "r"(0));
  other.trap = 1;
  const Trap t = go(kJump);
  u32 dr6;
  asm volatile("mov %%dr6, %0" : "=r"(dr6));
  expect("t flag",
         (describe(t) << (t.at.eip == reinterpret_cast<u32>(done) ? " before its first instruction, dr6 "
                                                                  : " elsewhere, dr6 "))
             .hex(dr6),
         "#DB before its first instruction, dr6 ffff8ff0");
  asm volatile("mov %0, %%dr6" : : "r"(0));
  prepare();
  other.eflags = 2 | kTrapFlag;
  const u8 nops[] = {0x90, 0x90};
  other.eip = reinterpret_cast<u32>(nops);
  const Trap u = go(kJump);
  expect("tf in the new task's image", describe(u) << " after " << u.at.eip - reinterpret_cast<u32>(nops) << " bytes",
         "#DB after 1 bytes");
  prepare();
  u32 dr7 = 0x355;
  asm volatile("mov %0, %%dr0; mov %0, %%dr1; mov %0, %%dr2; mov %0, %%dr3; mov %1, %%dr7" : : "r"(0x1000), "r"(dr7));
  (void)go(kJump);
  asm volatile("mov %%dr7, %0; mov %1, %%dr7" : "=r"(dr7) : "r"(0));
  expect("dr7 keeps what is global", Text().hex(dr7), "00000600");
  prepare();
}

// A virtual-8086 task.
void virtual_task() {
  prepare();
  other.eflags = 2 | kVm;
  other.cs = 0x10, other.eip = 0;  // linear 100: int 30h, at IOPL 0: #GP(0)
  other.ss = 0x20, other.esp = 0x100, other.ds = 0x1234, other.es = 0x2345, other.fs = 0x3456, other.gs = 0x4567;
  other.esp0 = top(), other.ss0 = kData0;
  const Trap t = go(kJump);
  expect("virtual-8086 task",
         ((((describe(t) << ((t.at.eflags & kVm) ? " vm" : "")) << ' ').hex(t.at.ds, 4) << ' ').hex(t.at.gs, 4) << ' ')
             .hex(t.at.cs, 4),
         "#GP(0000) vm 1234 4567 0010");
  prepare();
}

}  // namespace

void guest_main() {
  switches();
  registers();
  privileges();
  refused();
  in_the_new_task();
  vectors();
  debug();
  virtual_task();
}
