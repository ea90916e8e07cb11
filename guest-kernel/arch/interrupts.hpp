// Interrupts and exceptions: the frame they leave on the kernel stack, who handles them, and how to keep them out.
//
// Handlers of IRQs run with interrupts off on the stack of whatever they interrupted. They may wake and read devices;
// they never sleep, allocate or touch user memory.
#pragma once

#include "base/types.hpp"

namespace ido {
using namespace base;

// What the entry code saves, lowest address first. esp and ss are there only if the entry came from another privilege
// level (SDM 3A, 6.12.1): read them only when from_user().
struct TrapFrame {
  u32 cr3;  // page tables loaded at entry
  u32 gs, fs, es, ds;
  u32 edi, esi, ebp, esp_of_pusha, ebx, edx, ecx, eax;
  u32 vector;
  u32 error;  // the processor's error code; of a system call its number
  u32 eip, cs, eflags;
  u32 esp, ss;

  bool from_user() const { return (cs & 3) == 3; }
  // A system call is in progress, or has ended and may have to be made again.
  bool in_system_call() const { return vector == 0x80 || vector == 0x81; }
};

namespace eflags {
inline constexpr u32 kCarry = 1u << 0, kTrap = 1u << 8, kInterrupt = 1u << 9, kDirection = 1u << 10, kIopl = 3u << 12,
                     kNestedTask = 1u << 14, kResume = 1u << 16, kVirtual8086 = 1u << 17;
// What user code may set for itself: the arithmetic flags, TF, DF, AC, ID.
inline constexpr u32 kUser = 0x00240dd5 & ~kInterrupt;
}  // namespace eflags

// Vectors (SDM 3A, table 6-1).
namespace vector {
inline constexpr u32 kDivide = 0, kDebug = 1, kNmi = 2, kBreakpoint = 3, kOverflow = 4, kBound = 5, kInvalidOpcode = 6,
                     kDeviceNotAvailable = 7, kDoubleFault = 8, kInvalidTss = 10, kSegmentNotPresent = 11,
                     kStackFault = 12, kGeneralProtection = 13, kPageFault = 14, kX87 = 16, kAlignment = 17,
                     kMachineCheck = 18, kSimd = 19;
inline constexpr u32 kIrqBase = 0x20;  // the two 8259As: 0x20-0x2f
inline constexpr u32 kSystemCall = 0x80;
inline constexpr u32 kSysenter =
    0x81;  // not a vector: the mark of a frame that SYSENTER made, whose EBP is the user's ESP
}  // namespace vector

inline u32 save_interrupts() {
  u32 flags;
  asm volatile("pushfl; popl %0; cli" : "=r"(flags) : : "memory");
  return flags;
}
inline void restore_interrupts(u32 flags) {
  if (flags & eflags::kInterrupt) asm volatile("sti" : : : "memory");
}

// Keeps interrupts out in its scope. Around "check the condition, then WaitQueue::wait" whenever an interrupt handler
// does the waking: a task that sleeps keeps its interrupt flag, others run with theirs.
class InterruptGuard {
 public:
  InterruptGuard() : flags_(save_interrupts()) {}
  ~InterruptGuard() { restore_interrupts(flags_); }
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  u32 flags_;
};

// True while an IRQ handler runs.
bool in_interrupt();

enum class Trigger : u8 { kEdge, kLevel };
using IrqHandler = void (*)(void* context);

// Connects and unmasks line `irq` (0-15) of the 8259As. Several handlers on a line are called in order of registration.
void register_irq(u32 irq, IrqHandler handler, void* context, const char* name, Trigger trigger = Trigger::kEdge);

// For /proc/interrupts. name is nullptr for a line that nobody registered.
struct IrqStatistics {
  u64 count;
  const char* name;
};
IrqStatistics irq_statistics(u32 irq);

// proc and syscall connect here what arch must not know. A vector without a handler is an oops in the kernel, and in
// user code whatever the handler of user exceptions says.
using TrapHandler = void (*)(TrapFrame&);
// Returns the handler before, nullptr: none.
TrapHandler set_trap_handler(u32 vector, TrapHandler handler);
// Called for returns to user mode, interrupts off, when there is work: schedules, delivers signals. It sets
// user_return_work to 0 when it is done.
void set_user_return_hook(TrapHandler hook);

// Not 0: the running task has, or may have, something to do before it goes on in user mode. Whoever makes work for it
// (a signal, a reason to reschedule, a changed mask) says so here; so does every switch to another task.
extern u32 user_return_work;
inline void request_user_return_work() { user_return_work = 1; }

}  // namespace ido
