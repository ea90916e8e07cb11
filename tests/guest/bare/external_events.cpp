// NMI and maskable interrupts: when they are taken, what holds them back, which comes first (SDM 3A, 6.7 to 6.9).
// Both come from the local APIC, which the processor tells to interrupt itself.
#include "code.hpp"

using namespace bare;

namespace {

constexpr u32 kApic = 0xfee00000, kVector = 0x50;
constexpr u32 kTrapFlag = 1u << 8, kInterruptFlag = 1u << 9;

void end_of_interrupt() { at<u32>(kApic + 0xb0) = 0; }

// The bytes of: mov dword [APIC + 300], icr.
struct Send {
  u8 bytes[10];
};
constexpr Send send(u32 icr) {
  return {{0xc7, 0x05, 0x00, 0x03, 0xe0, 0xfe, static_cast<u8>(icr), static_cast<u8>(icr >> 8),
           static_cast<u8>(icr >> 16), 0}};
}
constexpr u32 kNmi = 0x4400, kInterrupt = 0x4000 | kVector;  // to APIC 0, which is this processor

constexpr u8 kNop = 0x90, kSti = 0xfb, kCli = 0xfa, kHlt = 0xf4;

void put(u8 b) { append(b); }
void put(const Send& s) {
  for (const u8 b : s.bytes) append(b);
}
template <class... Parts>
void program(Parts... parts) {
  fill(kNop);
  begin_code();
  (put(parts), ...);
}

Trap go(u32 eflags) {
  State s = state_at_ring(0);
  s.eip = code_at(0);
  s.eflags = 2 | eflags;
  s.eax = s.ss;
  const Trap t = run(s);
  if (t.vector == kVector) end_of_interrupt();
  return t;
}
// What came, and how many bytes behind the APIC's store (of ten bytes, at `from`) it came.
Text came(u32 from, u32 eflags) {
  const Trap t = go(eflags);
  return (describe(t) << " after ") << t.at.eip - code_at(from + 10) << " bytes";
}
Text after(const char* what, u32 bytes) { return (Text(what) << " after ") << bytes << " bytes"; }
// Takes what is still pending, so that the next case begins with nothing.
void drain() {
  program(kNop, kNop, kNop, u8{0xcd}, u8{kDone});
  for (;;) {
    const Trap t = go(kInterruptFlag);
    if (t.done()) return;
  }
}

void moments() {
  program(send(kNmi));
  expect("nmi", came(0, 0), after("NMI", 0));
  program(send(kInterrupt));
  expect("interrupt with if", came(0, kInterruptFlag), after("vector 80", 0));
  program(send(kInterrupt), kNop, kNop, kSti, kNop, kNop);
  expect("interrupt waits for sti and the instruction after", came(0, 0), after("vector 80", 4));
  program(send(kInterrupt), kSti, kCli, kNop, u8{0xcd}, u8{kDone});
  expect("sti; cli lets none in", came(0, 0), after("done", 5));
  drain();
  // STI with IF set already has no shadow (SDM 2B, STI).
  program(kSti, kNop, send(kInterrupt), kNop);
  expect("interrupt after an earlier sti", came(2, 0), after("vector 80", 0));
  // MOV SS holds back both for one instruction; a second MOV SS at once does not (6.8.3).
  program(send(kInterrupt), u8{0x8e}, u8{0xd0}, kSti, kNop, kNop);
  expect("sti in the shadow of mov ss", came(0, 0), after("vector 80", 4));
  // POPF enables at once: push 202h; popf; nop.
  program(send(kInterrupt), u8{0x68}, u8{2}, u8{2}, u8{0}, u8{0}, u8{0x9d}, kNop);
  expect("interrupt after popf", came(0, 0), after("vector 80", 6));
  // HLT: an NMI and an interrupt end it; the return address is behind it. Without a timer it needs one that comes
  // later, so only what is pending is tried.
  program(send(kInterrupt), kSti, kHlt, kNop);
  expect("interrupt at sti; hlt", came(0, 0), after("vector 80", 2));
}

void order() {
  // NMI before INTR (table 6-2).
  program(kCli, send(kInterrupt), send(kNmi));
  expect("nmi before an interrupt that waits for if", came(11, 0), after("NMI", 0));
  drain();
  program(send(kInterrupt), u8{0x68}, u8{2}, u8{2}, u8{0}, u8{0}, u8{0x9d}, kNop);
  {
    // A trap of the instruction before both: a single step, then the interrupt.
    const Trap t = go(kTrapFlag);
    expect("single step at the first instruction", describe(t) << " after " << t.at.eip - code_at(0) << " bytes",
           "#DB after 10 bytes");
  }
  drain();
  // An interrupt that fails says EXT (6.13): its gate is not present.
  const u64 old = idt[kVector];
  idt[kVector] &= ~(u64{0x8000} << 32);
  program(send(kInterrupt));
  expect("interrupt through a gate that is not present", describe(go(kInterruptFlag)), fault("#NP", kVector * 8 + 3));
  idt[kVector] = old;
  end_of_interrupt();
  drain();
}

// --- NMI is blocked until IRET (6.7.1).

char sequence[16];
u32 events = 0, to_send = 0, resume_at = 0;
bool fault_in_handler = false;

void note(char c) {
  if (events + 1 < sizeof sequence) sequence[events++] = c;
}

void send_nmi() {
  at<u32>(kApic + 0x310) = 0;
  at<u32>(kApic + 0x300) = kNmi;
}

bool on_trap(Frame& f) {
  if (f.vector == 2) {
    note('(');
    for (; to_send > 0; --to_send) send_nmi();
    asm volatile("nop; nop");
    if (fault_in_handler) {
      fault_in_handler = false;
      asm volatile("movl $1f, %0\n pushl $2\n pushl $0xfff8\n pushl $1f\n iretl\n 1: addl $12, %%esp"
                   : "=m"(resume_at)
                   :
                   : "memory");
    }
    note(')');
    return true;
  }
  if (f.vector == 13 && resume_at != 0) {
    note('g');
    f.eip = resume_at;
    resume_at = 0;
    return true;
  }
  return false;
}

Text nested(u32 nmis_in_handler, bool faulting_iret) {
  events = 0, to_send = nmis_in_handler, fault_in_handler = faulting_iret;
  for (char& c : sequence) c = 0;
  trap_hook = on_trap;
  program(send(kNmi), kNop, kNop, u8{0xcd}, u8{kDone});
  const Trap t = go(0);
  trap_hook = nullptr;
  return Text(sequence) << ' ' << describe(t);
}

void blocking() {
  expect("one nmi", nested(0, false), "() done");
  expect("another in its handler waits for iret", nested(1, false), "()() done");
  expect("of two in its handler one is kept", nested(2, false), "()() done");
  // An IRET that faults unblocks too: the second comes before the #GP's handler has run.
  expect("an iret that faults", nested(1, true), "(()g) done");
}

}  // namespace

void guest_main() {
  out8(0x21, 0xff);  // nothing but the local APIC
  out8(0xa1, 0xff);
  at<u32>(kApic + 0xf0) = 0x1ff;  // spurious vector ff, APIC on (10.9)
  moments();
  order();
  blocking();
}
