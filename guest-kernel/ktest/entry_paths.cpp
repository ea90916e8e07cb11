// Breakpoints and NMIs at every instruction of the entry and exit paths, while a user program (ktest/entry_program.S)
// goes through them by INT 80h, SYSENTER and page faults.
//
// A breakpoint is DR0. An NMI arrives exactly at a breakpoint's instruction A by this: in the handler of the breakpoint
// the processor sends itself an NMI, whose handler sends another and leaves without IRET. The second stays pending, for
// NMIs are blocked until the next IRET (SDM 3A, 6.7.1), and that is the one that goes back to A.
#include "arch/cpu.hpp"
#include "arch/interrupts.hpp"
#include "arch/kmap.hpp"
#include "arch/stack.hpp"
#include "arch/trampoline.hpp"
#include "ktest/entry_program.h"
#include "ktest/ktest.hpp"
#include "lib/print.hpp"
#include "lib/thread.hpp"
#include "mm/uaccess.hpp"
#include "proc/lifetime.hpp"
#include "proc/process.hpp"
#include "proc/scheduler.hpp"

extern "C" base::u8 entry_program_start[], entry_program_end[];

namespace ido {

namespace {

constexpr u32 kMostHits = 4;   // of one address; then the breakpoint goes
constexpr u32 kLeastMet = 60;  // instructions: stubs, the common path, both system calls
constexpr u32 kApicId = 0x20, kIcrLow = 0x300, kIcrHigh = 0x310;  // registers of the local APIC (SDM 3A, table 10-1)
constexpr u32 kIcrNmi = 4u << 8 | 1u << 14;                       // delivery mode NMI, assert; physical destination

enum class With : u8 { kBreakpoint, kNmi };
enum class Phase : u8 { kIdle, kBlocking, kPending };

volatile u8* local_apic;
With with;
Phase phase;
u32 target, hits, nmis, strays;
u32 parked_esp;

u32 address_of(const void* p) { return static_cast<u32>(reinterpret_cast<uintptr_t>(p)); }
void set_dr0(u32 v) { asm volatile("movl %0, %%db0" : : "r"(v) : "memory"); }
void set_dr6(u32 v) { asm volatile("movl %0, %%db6" : : "r"(v) : "memory"); }
void set_dr7(u32 v) { asm volatile("movl %0, %%db7" : : "r"(v) : "memory"); }
constexpr u32 kArmed = 0x402;  // G0: execution at DR0 (SDM 3B, 17.2.4)

volatile u32& apic_register(u32 offset) { return *reinterpret_cast<volatile u32*>(local_apic + offset); }

void send_nmi() {
  apic_register(kIcrHigh) = apic_register(kApicId) & 0xff000000;
  apic_register(kIcrLow) = kIcrNmi;
}

// Sends an NMI, whose handler comes back here without IRET: from then on NMIs are blocked.
[[gnu::noinline]] void block_nmis() {
  phase = Phase::kBlocking;
  apic_register(kIcrHigh) = apic_register(kApicId) & 0xff000000;
  u32 command = kIcrNmi, low = address_of(const_cast<u8*>(local_apic + kIcrLow));
  asm volatile(
      "pushl %%ebp\n"
      "pushl $2f\n"
      "movl %%esp, %0\n"
      "movl %1, (%2)\n"
      "1: pause\n"
      "jmp 1b\n"
      "2: popl %%ebp\n"
      : "=m"(parked_esp), "+a"(command), "+d"(low)
      :
      : "ebx", "ecx", "esi", "edi", "memory", "cc");
}

void on_debug(TrapFrame& frame) {
  set_dr6(0);
  frame.eflags |= eflags::kResume;
  if (frame.eip != target) {
    ++strays;
    return;
  }
  if (++hits >= kMostHits) return;  // the way in has taken the breakpoint away
  set_dr7(kArmed);
  if (with == With::kNmi) block_nmis();
}

void on_nmi(TrapFrame& frame) {
  if (phase == Phase::kBlocking) {
    phase = Phase::kPending;
    send_nmi();
    asm volatile("movl %0, %%esp; ret" : : "m"(parked_esp));
    __builtin_unreachable();
  }
  phase = Phase::kIdle;
  ++(frame.eip == target ? nmis : strays);
}

struct Program {
  Mm* mm = nullptr;
  Process* process = nullptr;
  u32 rounds() const {
    u32 word = 0;
    (void)copy_from_user(*mm, &word, PROGRAM_ROUNDS, sizeof word);
    return word;
  }
};

Or<> load(Mm& mm) {
  constexpr u8 kReadWrite = protection::kRead | protection::kWrite;
  TRY(mm.map({.address = PROGRAM_CODE,
              .size = kPageSize,
              .protection = kReadWrite | protection::kExecute,
              .placement = Placement::kFixed}));
  TRY(mm.map(
      {.address = PROGRAM_DATA, .size = PROGRAM_DATA_SIZE, .protection = kReadWrite, .placement = Placement::kFixed}));
  return copy_to_user(mm, PROGRAM_CODE, entry_program_start, static_cast<u32>(entry_program_end - entry_program_start));
}

// A kernel thread that becomes the program.
void run_program(void* context) {
  auto& program = *static_cast<Program*>(context);
  auto mm = Mm::create();
  if (!mm || !load(**mm)) panic("no memory for a test program");
  program.process = &current_process();
  program.process->mm = program.mm = *mm;
  current()->uses_user_memory = true;
  refresh_context();
  enter_user(make_user_frame(current()->stack, PROGRAM_CODE, PROGRAM_STACK));
}

// Has the program go round with a breakpoint at `address`. True if it was met.
bool step_over(u32 address, const Program& program) {
  const u32 before = program.rounds();
  target = address;
  hits = 0;
  set_dr0(address);
  set_dr7(kArmed);
  for (u32 turns = 0; program.rounds() < before + 2 && turns < 100; ++turns) schedule();
  set_dr7(0);
  return hits > 0;
}

// Of the stubs, that of page faults: in the others only the numbers differ.
bool worth_a_try(u32 address) {
  const u32 stubs_end = entry_stubs[47] + 16;
  if (address >= stubs_end) return true;
  return address - entry_stubs[vector::kPageFault] < 16;
}

TestResult step_over_all(With what) {
  Program program;
  CHECK(start_kernel_thread("entry-program", run_program, &program).ok());
  for (u32 i = 0; i < 100 && (program.mm == nullptr || program.rounds() == 0); ++i) schedule();
  CHECK(program.mm != nullptr && program.rounds() > 0);
  local_apic = static_cast<volatile u8*>(ioremap(read_msr(0x1b) & 0xffffff000, kPageSize));
  CHECK(local_apic != nullptr);
  with = what;
  strays = nmis = 0;
  const TrapHandler old_debug = set_trap_handler(vector::kDebug, on_debug);
  const TrapHandler old_nmi = set_trap_handler(vector::kNmi, on_nmi);
  u32 met = 0, all_hits = 0, met_stub = 0, met_sysenter = 0, met_sysexit = 0, met_iret = 0;
  for (u32 a = address_of(trampoline_code_start); a < address_of(trampoline_guarded_start); ++a) {
    if (!worth_a_try(a) || !step_over(a, program)) continue;
    ++met;
    all_hits += hits;
    met_stub += a == entry_stubs[vector::kPageFault] || a == system_call_stub;
    met_sysenter += a == address_of(sysenter_entry);
    met_sysexit += a >= address_of(sysexit_pop_gs) && a <= address_of(sysexit_pops_end);
    met_iret += a == address_of(exit_iret);
  }
  set_trap_handler(vector::kDebug, old_debug);
  set_trap_handler(vector::kNmi, old_nmi);
  const u32 rounds = program.rounds();
  for (u32 i = 0; i < 10; ++i) schedule();
  CHECK(program.rounds() > rounds);  // it would have ended at the first wrong register
  send_signal(*program.process, {.number = sig::kKill});
  print("ktest: %u instructions, %u breakpoints, %u NMIs, %u elsewhere\n", met, all_hits, nmis, strays);
  CHECK(met >= kLeastMet && met_stub == 2 && met_iret == 1 && strays == 0);
  if (cpu.sysenter) CHECK(met_sysenter == 1 && met_sysexit == 5);
  if (what == With::kNmi) CHECK(nmis >= met);
  return PASSED;
}

}  // namespace

KTEST(a_breakpoint_at_every_entry_instruction_is_survived) { return step_over_all(With::kBreakpoint); }
KTEST(an_nmi_at_every_entry_instruction_is_survived) { return step_over_all(With::kNmi); }

}  // namespace ido
