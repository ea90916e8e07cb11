// Descriptor tables, and going into a state and back.
#include "frame.hpp"

extern "C" {
void enter_image(const base::u32* image, base::u32 stack_selector, base::u32* caller_stack);
[[noreturn]] void leave_to_caller(base::u32 caller_stack);
void call_done();
extern const base::u8 trap_stubs[];
void run_guest();
void take_trap(bare::Frame* frame);
}

namespace bare {

namespace {

// The task state segment with all that may follow it: VME's redirection bitmap (32 bytes) and the I/O bitmap.
struct alignas(4096) Task {
  TaskState state;
  u8 unused[kIoBitmapAt - sizeof(TaskState)];
  u8 bitmap[8192 + 1];
} task;

constexpr u32 kStackSize = 4096, kDepth = 4;
alignas(4096) u8 trap_stacks[3][kStackSize];       // of rings 0-2, for traps from outer rings
alignas(4096) u8 call_stacks[kDepth][kStackSize];  // of call_at_ring, by nesting

// The calls of run() that wait for a trap, innermost first.
struct Waiting {
  Waiting* outer;
  u32 caller_stack;
  Trap trap;
};
Waiting* waiting = nullptr;
u32 depth = 0;

u32 top(u8 (&stack)[kStackSize]) { return reinterpret_cast<u32>(stack) + kStackSize; }

State state_of(const Frame& f) {
  State s;
  s.eax = f.eax, s.ecx = f.ecx, s.edx = f.edx, s.ebx = f.ebx, s.ebp = f.ebp, s.esi = f.esi, s.edi = f.edi;
  s.eip = f.eip, s.eflags = f.eflags, s.cs = static_cast<u16>(f.cs);
  s.ds = static_cast<u16>(f.ds), s.es = static_cast<u16>(f.es);
  s.fs = static_cast<u16>(f.fs), s.gs = static_cast<u16>(f.gs);
  const bool v86 = f.eflags & (1u << 17);
  if (v86 || (f.cs & 3) != 0) {
    s.esp = f.old_esp, s.ss = static_cast<u16>(f.old_ss);
  } else {
    s.esp = reinterpret_cast<u32>(&f.old_esp);
    asm("mov %%ss, %0" : "=r"(s.ss));
  }
  if (v86) {
    s.ds = static_cast<u16>(f.v86_ds), s.es = static_cast<u16>(f.v86_es);
    s.fs = static_cast<u16>(f.v86_fs), s.gs = static_cast<u16>(f.v86_gs);
  }
  return s;
}

struct [[gnu::packed]] TableRegister {
  u16 limit;
  u32 base;
};

}  // namespace

u64 gdt[kGdtEntries];
u64 idt[256];
TaskState& tss = task.state;
u8 (&io_bitmap)[8192 + 1] = task.bitmap;
Hook trap_hook = nullptr;

Trap run(const State& s) {
  Waiting here{waiting, 0, {}};
  waiting = &here;
  ++depth;
  // gs fs es ds, as POPA takes them, eip cs eflags, and for another ring esp ss and for virtual-8086 mode es ds fs gs.
  const bool v86 = s.eflags & (1u << 17), outer = v86 || (s.cs & 3) != 0;
  const u32 image[] = {v86 ? 0u : s.gs,
                       v86 ? 0u : s.fs,
                       v86 ? 0u : s.es,
                       v86 ? 0u : s.ds,
                       s.edi,
                       s.esi,
                       s.ebp,
                       0,
                       s.ebx,
                       s.edx,
                       s.ecx,
                       s.eax,
                       s.eip,
                       s.cs,
                       s.eflags,
                       s.esp,
                       s.ss,
                       s.es,
                       s.ds,
                       s.fs,
                       s.gs};
  constexpr u32 kInner = 15;  // words without those for another ring
  if (outer) {
    enter_image(image, kData0, &here.caller_stack);
  } else {
    u32* const to = reinterpret_cast<u32*>(s.esp) - kInner;
    for (u32 i = 0; i < kInner; ++i) to[i] = image[i];
    enter_image(to, s.ss, &here.caller_stack);
  }
  asm volatile("" : : : "memory");
  --depth;
  waiting = here.outer;
  return here.trap;
}

State state_at_ring(u32 ring) {
  constexpr u16 kCode[4] = {kCode0, kCode1, kCode2, kCode3}, kData[4] = {kData0, kData1, kData2, kData3};
  State s;
  s.cs = kCode[ring];
  s.ss = s.ds = s.es = kData[ring];
  s.esp = top(call_stacks[depth % kDepth]);
  return s;
}

void prepare_call(State& s, void (*function)(void*), void* argument) {
  // As after a CALL with one argument, the stack aligned to 16 bytes before it.
  s.esp -= 20;
  u32* const words = reinterpret_cast<u32*>(s.esp);
  words[0] = reinterpret_cast<u32>(&call_done);
  words[1] = reinterpret_cast<u32>(argument);
  s.eip = reinterpret_cast<u32>(function);
}

}  // namespace bare

using namespace bare;

void take_trap(Frame* frame) {
  if (trap_hook != nullptr && trap_hook(*frame)) return;
  Trap trap;
  trap.vector = frame->vector;
  trap.error = frame->error;
  trap.cr2 = frame->cr2;
  trap.at = state_of(*frame);
  if (waiting == nullptr) {
    say(Text("the guest itself trapped at ").hex(frame->eip) << ": " << describe(trap));
    out8(0x501, 9);
    for (;;) asm volatile("cli; hlt");
  }
  // SS is the flat one again before the caller's stack is, whatever the trap came with.
  asm volatile("mov %0, %%ss" : : "r"(u32{kData0}));
  waiting->trap = trap;
  leave_to_caller(waiting->caller_stack);
}

void run_guest() {
  constexpr u32 kFlatCode = 0x9b, kFlatData = 0x93, kBig = 0xc;
  for (u32 ring = 0; ring < 4; ++ring) {
    const State s = state_at_ring(ring);
    gdt[s.cs >> 3] = descriptor(0, 0xfffff, kFlatCode | (ring << 5), kBig);
    gdt[s.ss >> 3] = descriptor(0, 0xfffff, kFlatData | (ring << 5), kBig);
  }
  gdt[kCode16 >> 3] = descriptor(0, 0xffff, kFlatCode, 0);
  gdt[kData16 >> 3] = descriptor(0, 0xffff, kFlatData, 0);
  gdt[kTaskSelector >> 3] = descriptor(reinterpret_cast<u32>(&task), sizeof task - 1, 0x89, 0);
  tss.esp0 = top(trap_stacks[0]), tss.ss0 = kData0;
  tss.esp1 = top(trap_stacks[1]), tss.ss1 = kData1;
  tss.esp2 = top(trap_stacks[2]), tss.ss2 = kData2;
  tss.io_map = kIoBitmapAt;
  for (u8& b : io_bitmap) b = 0xff;
  // Interrupt gates; the vectors that programs may call are open to ring 3.
  for (u32 v = 0; v < 256; ++v) {
    const bool open = v == 3 || v == 4 || v >= 0x20;
    idt[v] = gate(kCode0, reinterpret_cast<u32>(trap_stubs) + 16 * v, open ? 0xee : 0x8e);
  }
  const TableRegister gdtr{sizeof gdt - 1, reinterpret_cast<u32>(gdt)},
      idtr{sizeof idt - 1, reinterpret_cast<u32>(idt)};
  asm volatile("lgdt %0; lidt %1; ltr %w2" : : "m"(gdtr), "m"(idtr), "r"(u32{kTaskSelector}) : "memory");
  out8(0x3fb, 3);  // COM1: 8 data bits
  guest_main();
  finish();
}
