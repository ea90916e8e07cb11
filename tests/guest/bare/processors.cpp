// Several processors: how they start, every way in which they interrupt one another, and what one sees of what another
// does (SDM 3A, chapters 8, 9.4 and 11).
//
// paemu: -smp 4
// paemu: -smp 4,sockets=2,cores=1,threads=2
#include "frame.hpp"

using namespace bare;

namespace {

constexpr u32 kProcessors = 4, kOthers = kProcessors - 1;
constexpr u32 kApic = 0xfee00000, kId = kApic + 0x20, kTpr = kApic + 0x80, kEoi = kApic + 0xb0, kLdr = kApic + 0xd0,
              kDfr = kApic + 0xe0, kSvr = kApic + 0xf0, kIcrLow = kApic + 0x300, kIcrHigh = kApic + 0x310,
              kLvtTimer = kApic + 0x320, kTimerInitial = kApic + 0x380, kTimerDivide = kApic + 0x3e0;
// ICR (figure 11-12): delivery modes, logical destinations, shorthands.
constexpr u32 kLowest = 0x100, kNmi = 0x400, kInit = 0x500, kStartUp = 0x600, kLogical = 0x800, kAssert = 0x4000;
constexpr u32 kSelf = 0x40000, kAll = 0x80000, kAllOthers = 0xc0000;
constexpr u32 kVector = 0x50, kShootdown = 0x60, kTimer = 0x61;
constexpr u32 kStartPage = 9;

constexpr u32 kCodeAt = 0x300000, kDirectory = 0x400000, kWindow = 0x40000000, kFrameA = 0x1000000, kFrameB = 0x1400000;

using Job = void (*)(u32 id);
struct Slot {
  volatile u32 hits, nmis, timers, flushes, starts;
  u32 cs, cr0, edx;  // at its start
  volatile u32 answer;
  volatile Job job;
};
Slot slots[kProcessors];

void pause() { asm volatile("pause" : : : "memory"); }
void delay() {
  for (u32 n = 0; n < 3000; ++n) pause();
}
template <class F>
bool wait_for(F condition) {
  for (u32 n = 0; n < 2'000'000; ++n) {
    if (condition()) return true;
    pause();
  }
  return false;
}
u32 my_id() { return at<u32>(kId) >> 24; }
u64 time_stamp() {
  u64 t;
  asm volatile("rdtsc" : "=A"(t));
  return t;
}

bool on_trap(Frame& f) {
  Slot& s = slots[my_id()];
  if (f.vector == 2) {
    s.nmis = s.nmis + 1;
    return true;
  }
  if (f.vector == kVector) s.hits = s.hits + 1;
  if (f.vector == kTimer) s.timers = s.timers + 1;
  if (f.vector == kShootdown) {
    invlpg(kWindow);
    s.flushes = s.flushes + 1;
  }
  if (f.vector < 0x40) return false;
  at<u32>(kEoi) = 0;
  return true;
}

}  // namespace

// What another processor runs first: copied to its start page, in real mode; from there to flat protected mode.
asm(R"(
        .pushsection .text
        .code16
start_code:
        cli
        movw    %cs, %bx
        movw    %bx, %ds
        movl    %cr0, %ecx
        lgdtl   start_gdt - start_code
        movl    %ecx, %eax
        andl    $0x9fffffff, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $8, $start_flat
start_gdt:
        .word   4095
        .long   _ZN4bare3gdtE
start_end:
        .code32
start_flat:
        movw    $0x10, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    0xfee00020, %esi
        shrl    $24, %esi
        movl    %esi, %esp
        shll    $14, %esp
        addl    $0x210000, %esp
        lidtl   shared_idt
        movzwl  %bx, %ebx
        pushl   %edx
        pushl   %ecx
        pushl   %ebx
        pushl   %esi
        call    other_main
        .popsection
)");
extern "C" {
extern const u8 start_code[], start_end[];
struct [[gnu::packed]] IdtRegister {
  u16 limit;
  u32 base;
} shared_idt;
[[noreturn, gnu::used]] void other_main(u32 id, u32 cs, u32 cr0, u32 edx) {
  Slot& s = slots[id];
  s.cs = cs, s.cr0 = cr0, s.edx = edx;
  at<u32>(kSvr) = 0x1ff;
  asm volatile("sti");
  s.starts = s.starts + 1;
  for (;;) {
    while (s.job == nullptr) pause();
    s.job(id);
    s.job = nullptr;
  }
}
}

namespace {

void begin(u32 id, Job job) { slots[id].job = job; }
bool end(u32 id) {
  return wait_for([&] { return slots[id].job == nullptr; });
}
// Runs it on all others, then here; true: all came to their end.
bool on_all(Job job) {
  for (u32 id = 1; id < kProcessors; ++id) begin(id, job);
  job(0);
  bool all = true;
  for (u32 id = 1; id < kProcessors; ++id) all = end(id) && all;
  return all;
}

void send(u32 icr, u32 destination = 0) {
  at<u32>(kIcrHigh) = destination << 24;
  at<u32>(kIcrLow) = icr | kAssert;
}

// How often each got the vector.
Text reached(u32 icr, u32 destination = 0, u32 times = 1) {
  for (Slot& s : slots) s.hits = 0;
  for (; times > 0; --times) {
    send(icr, destination);
    delay();
  }
  Text t;
  for (const Slot& s : slots) t << s.hits << ' ';
  return t;
}
Text count(volatile u32 Slot::*what) {
  Text t;
  for (const Slot& s : slots) t << s.*what << ' ';
  return t;
}

// --- Starting (9.4).
void starting() {
  constexpr u32 kApicBase = 0x1b, kBootstrap = 1 << 8;
  asm volatile("sidt %0" : "=m"(shared_idt));
  for (u32 i = 0; start_code + i < start_end; ++i) at<u8>(kStartPage * 0x1000 + i) = start_code[i];
  expect("the bootstrap flag of the first", Text() << u32{(read_msr(kApicBase) & kBootstrap) != 0}, "1");
  delay();
  expect("the others wait", count(&Slot::starts), "0 0 0 0 ");
  send(kStartUp | kStartPage | kAllOthers);  // comes out of wait-for-SIPI without an INIT too: they are in it from reset
  wait_for([] { return slots[1].starts + slots[2].starts + slots[3].starts == kOthers; });
  expect("a start-up IPI starts them", count(&Slot::starts), "0 1 1 1 ");
  send(kStartUp | kStartPage | kAllOthers);
  delay();
  expect("a second one is ignored", count(&Slot::starts), "0 1 1 1 ");
  send(kInit | kAllOthers);
  delay();
  begin(1, [](u32) {});
  delay();
  expect("an INIT stops them", slots[1].job != nullptr ? "stopped" : "runs", "stopped");
  slots[1].job = nullptr;
  send(kStartUp | kStartPage | kAllOthers);
  wait_for([] { return slots[1].starts + slots[2].starts + slots[3].starts == 2 * kOthers; });
  expect("INIT, then start-up", count(&Slot::starts), "0 2 2 2 ");
  for (u32 id = 1; id < kProcessors; ++id) {
    expect((Text("processor ") << id) << ": cs, cr0, signature, bootstrap flag",
           (Text().hex(slots[id].cs, 4) << ' ').hex(slots[id].cr0 & ~0x60000000u) << (slots[id].edx == cpuid(1).eax ? " same" : " other"),
           "0900 00000010 same");
    begin(id, [](u32 me) { slots[me].answer = (read_msr(kApicBase) & kBootstrap) != 0; });
    end(id);
    expect((Text("processor ") << id) << ": bootstrap flag", Text() << slots[id].answer, "0");
  }
  // What INIT leaves alone (table 9-1): MTRRs, the TSC.
  begin(2, [](u32) { write_msr(0x200, 0x12345006); });
  end(2);
  const u64 before = time_stamp();
  send(kInit, 2);
  send(kStartUp | kStartPage, 2);
  wait_for([] { return slots[2].starts == 3; });
  begin(2, [](u32 me) { slots[me].answer = static_cast<u32>(read_msr(0x200)); });
  end(2);
  expect("an MTRR after INIT", Text().hex(slots[2].answer), "12345006");
  begin(2, [](u32 me) { slots[me].answer = static_cast<u32>(time_stamp() >> 8); });
  end(2);
  expect("the TSC after INIT", slots[2].answer > static_cast<u32>(before >> 8) ? "goes on" : "went back", "goes on");
}

// --- Interrupting one another (11.6).
void destinations() {
  expect("physical", reached(kVector, 2), "0 0 1 0 ");
  expect("physical, to itself", reached(kVector, 0), "1 0 0 0 ");
  expect("physical, to nobody", reached(kVector, 9), "0 0 0 0 ");
  expect("broadcast", reached(kVector, 0xff), "1 1 1 1 ");
  expect("shorthand self", reached(kVector | kSelf), "1 0 0 0 ");
  expect("shorthand all", reached(kVector | kAll), "1 1 1 1 ");
  expect("shorthand all others", reached(kVector | kAllOthers), "0 1 1 1 ");
  on_all([](u32 id) {
    at<u32>(kDfr) = ~0u;
    at<u32>(kLdr) = 1u << (24 + id);
  });
  expect("logical, flat", reached(kVector | kLogical, 0x0a), "0 1 0 1 ");
  expect("logical, flat, all", reached(kVector | kLogical, 0xff), "1 1 1 1 ");
  on_all([](u32 id) {
    at<u32>(kDfr) = 0x0fffffff;
    at<u32>(kLdr) = (id < 2 ? 0x10u : 0x20u) << 24 | 1u << (24 + id % 2);
  });
  expect("logical, cluster", reached(kVector | kLogical, 0x13), "1 1 0 0 ");
  expect("logical, one of another cluster", reached(kVector | kLogical, 0x22), "0 0 0 1 ");
  expect("logical, cluster, all", reached(kVector | kLogical, 0xff), "1 1 1 1 ");
  on_all([](u32 id) {
    at<u32>(kDfr) = ~0u;
    at<u32>(kLdr) = 1u << (24 + id);
    at<u32>(kTpr) = id == 2 ? 0x10 : 0x20;
  });
  expect("lowest priority goes to the lowest", reached(kVector | kLowest | kLogical, 0x0f), "0 0 1 0 ");
  expect("lowest priority, the lowest not named", reached(kVector | kLowest | kLogical, 0x08), "0 0 0 1 ");
  on_all([](u32) { at<u32>(kTpr) = 0; });
  expect("lowest priority among equals goes round", reached(kVector | kLowest | kLogical, 0x0f, 4), "1 1 1 1 ");
  begin(3, [](u32) { at<u32>(kTpr) = kVector; });
  end(3);
  expect("the task priority holds it back", reached(kVector, 3), "0 0 0 0 ");
  begin(3, [](u32) { at<u32>(kTpr) = 0; });
  end(3);
  delay();
  expect("until it is lowered", count(&Slot::hits), "0 0 0 1 ");
}

void waiting() {
  slots[1].answer = 0;
  begin(1, [](u32 id) {
    asm volatile("cli");
    slots[id].answer = 1;
    asm volatile("hlt");  // only an NMI ends it
    slots[id].answer = 2;
    asm volatile("sti");
  });
  wait_for([] { return slots[1].answer == 1; });
  expect("an interrupt does not wake from hlt with if clear", (reached(kVector, 1) << "answer ") << slots[1].answer,
         "0 0 0 0 answer 1");
  send(kNmi, 1);
  end(1);
  delay();
  expect("an nmi does; then the interrupt comes", (count(&Slot::nmis) << count(&Slot::hits) << "answer ") << slots[1].answer,
         "0 1 0 0 0 1 0 0 answer 2");
  send(kNmi | kAllOthers);
  delay();
  expect("an nmi to all others", count(&Slot::nmis), "0 2 1 1 ");
  begin(2, [](u32 id) {
    asm volatile("hlt");
    slots[id].answer = 5;
  });
  delay();
  send(kVector, 2);
  end(2);
  expect("an interrupt wakes from hlt", Text() << slots[2].answer, "5");
  on_all([](u32) {
    at<u32>(kTimerDivide) = 0xb;
    at<u32>(kLvtTimer) = kTimer;
    at<u32>(kTimerInitial) = 500;
    wait_for([] { return slots[my_id()].timers != 0; });
  });
  expect("each has its timer", count(&Slot::timers), "1 1 1 1 ");
}

// --- Sharing memory (8.1, 8.2).
volatile u32 counter, lock, flag, backward;
volatile u64 last_time;

void acquire() {
  u32 taken = 1;
  do {
    while (lock != 0) pause();
    taken = 1;
    asm volatile("xchgl %0, %1" : "+r"(taken), "+m"(lock) : : "memory");
  } while (taken != 0);
}

void sharing() {
  counter = 0;
  on_all([](u32) {
    for (u32 n = 0; n < 20000; ++n) asm volatile("lock incl %0" : "+m"(counter));
  });
  expect("locked increments", Text() << counter, "80000");
  counter = 0;
  on_all([](u32) {
    for (u32 n = 0; n < 5000; ++n) {
      acquire();
      const u64 now = time_stamp();
      if (now < last_time) backward = backward + 1;
      last_time = now;
      counter = counter + 1;
      lock = 0;
    }
  });
  expect("increments under a lock", Text() << counter, "20000");
  expect("time stamps that went back", Text() << backward, "0");
  // Whoever does not say PAUSE loses a turn, no more.
  flag = 0;
  begin(1, [](u32 id) {
    while (flag == 0) {
    }
    slots[id].answer = 77;
  });
  delay();
  flag = 1;
  end(1);
  expect("a wait without pause", Text() << slots[1].answer, "77");
  if ((cpuid(1).ecx & (1 << 3)) == 0) return;
  slots[3].answer = 0;
  begin(3, [](u32 id) {
    asm volatile("cli");
    flag = 0;
    asm volatile("monitor" : : "a"(&flag), "c"(0), "d"(0));
    slots[id].answer = 1;
    asm volatile("mwait" : : "a"(0), "c"(0) : "memory");
    slots[id].answer = 2;
    asm volatile("sti");
  });
  wait_for([] { return slots[3].answer == 1; });
  delay();
  expect("mwait waits", Text() << slots[3].answer, "1");
  flag = 1;
  end(3);
  expect("and ends when the line is written", Text() << slots[3].answer, "2");
}

// --- Code that another processor changes (8.1.3).
void code() {
  static const u8 kReturn[] = {0xb8, 0, 0, 0, 0, 0xc3};                          // mov eax, imm32; ret
  static const u8 kLoop[] = {0xb8, 0, 0, 0, 0, 0x85, 0xc0, 0x74, 0xf7, 0xc3};  // until its own immediate is not 0
  const Job call = [](u32 id) {
    u32 eax;
    asm volatile("call *%1" : "=a"(eax) : "r"(kCodeAt) : "memory", "cc");
    slots[id].answer = eax;
  };
  u32 at_byte = 0;
  for (const u8 b : kReturn) at<u8>(kCodeAt + at_byte++) = b;
  Text t;
  for (u32 n = 1; n <= 5; ++n) {
    at<u32>(kCodeAt + 1) = n * n;
    begin(1 + n % kOthers, call);
    end(1 + n % kOthers);
    t << slots[1 + n % kOthers].answer << ' ';
  }
  expect("code that changed between two calls", t, "1 4 9 16 25 ");
  at_byte = 0;
  for (const u8 b : kLoop) at<u8>(kCodeAt + at_byte++) = b;
  for (u32 id = 1; id < kProcessors; ++id) begin(id, call);
  delay();
  at<u32>(kCodeAt + 1) = 7;
  t = Text();
  for (u32 id = 1; id < kProcessors; ++id) {
    end(id);
    t << slots[id].answer << ' ';
  }
  expect("code that changes while three run it", t, "7 7 7 ");
}

// --- Translations that another processor changes (4.10.5).
void shootdown() {
  constexpr u32 kPresent = 1, kWritable = 2, kLarge = 0x80;
  for (u32 n = 0; n < 1024; ++n) at<u32>(kDirectory + 4 * n) = n << 22 | kLarge | kWritable | kPresent;
  at<u32>(kFrameA) = 0xa;
  at<u32>(kFrameB) = 0xb;
  at<u32>(kDirectory + (kWindow >> 22) * 4) = kFrameA | kLarge | kWritable | kPresent;
  for (u32 id = 1; id < kProcessors; ++id) {
    begin(id, [](u32 me) {
      write_cr4(read_cr4() | 0x10);
      write_cr3(kDirectory);
      write_cr0(read_cr0() | 0x80000000);
      slots[me].answer = at<u32>(kWindow);
    });
    end(id);
  }
  expect("before", count(&Slot::answer), (Text() << slots[0].answer) << " 10 10 10 ");
  at<u32>(kDirectory + (kWindow >> 22) * 4) = kFrameB | kLarge | kWritable | kPresent;
  send(kShootdown | kAllOthers);
  wait_for([] { return slots[1].flushes + slots[2].flushes + slots[3].flushes == kOthers; });
  for (u32 id = 1; id < kProcessors; ++id) {
    begin(id, [](u32 me) {
      slots[me].answer = at<u32>(kWindow);
      write_cr0(read_cr0() & ~0x80000000);
    });
    end(id);
  }
  expect("after the others flushed it", count(&Slot::answer), (Text() << slots[0].answer) << " 11 11 11 ");
}

// --- CPUID.
void topology() {
  on_all([](u32 id) { slots[id].answer = cpuid(1).ebx >> 24; });
  expect("initial APIC IDs", count(&Slot::answer), "0 1 2 3 ");
  const Cpuid one = cpuid(1);
  expect("HTT", Text() << ((one.edx >> 28) & 1), "1");
  expect("processors of a socket by leaf 1 and leaf 4", Text() << ((one.ebx >> 16) & 0xff),
         Text() << ((cpuid(4, 2).eax >> 14) & 0xfff) + 1);
}

}  // namespace

void guest_main() {
  out8(0x21, 0xff);
  out8(0xa1, 0xff);
  at<u32>(kSvr) = 0x1ff;
  trap_hook = on_trap;
  asm volatile("sti");
  starting();
  destinations();
  waiting();
  sharing();
  code();
  shootdown();
  topology();
  asm volatile("cli");
  trap_hook = nullptr;
}
