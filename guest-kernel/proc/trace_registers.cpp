// What a tracer reads and writes of a stopped thread: registers, debug registers, memory.
#include "arch/cpu.hpp"
#include "arch/interrupts.hpp"
#include "arch/vdso.hpp"
#include "lib/string.hpp"
#include "mm/mm.hpp"
#include "mm/uaccess.hpp"
#include "proc/task.hpp"
#include "proc/trace.hpp"

namespace ido::trace {

namespace {

// Indices in user_regs_struct (asm/user_32.h).
constexpr u32 kOriginalEax = 11, kFlags = 14;

u32 TrapFrame::*const kFields[kRegisterCount] = {
    &TrapFrame::ebx, &TrapFrame::ecx, &TrapFrame::edx,    &TrapFrame::esi, &TrapFrame::edi, &TrapFrame::ebp,
    &TrapFrame::eax, &TrapFrame::ds,  &TrapFrame::es,     &TrapFrame::fs,  &TrapFrame::gs,  &TrapFrame::error,
    &TrapFrame::eip, &TrapFrame::cs,  &TrapFrame::eflags, &TrapFrame::esp, &TrapFrame::ss};

bool is_selector(u32 index) { return (index >= 7 && index <= 10) || index == 13 || index == 16; }

// SDM 3B, 17.2.4: of each breakpoint, enable bits at 2n and a type and length at 16 + 4n.
constexpr u32 kDr7Writable = 0xffff03ff, kDr7Fixed = 0x400;
u32 type_of(u32 dr7, u32 n) { return (dr7 >> (16 + 4 * n)) & 3; }
u32 length_of(u32 dr7, u32 n) { return (dr7 >> (18 + 4 * n)) & 3; }
constexpr u32 kExecute = 0, kIo = 2, kEightBytes = 2;
constexpr u32 kStep = 1u << 14, kHits = 15;  // of DR6

bool valid_control(u32 dr7) {
  for (u32 n = 0; n < 4; ++n) {
    if (!(dr7 >> 2 * n & 3)) continue;
    const u32 type = type_of(dr7, n), length = length_of(dr7, n);
    if (type == kIo || length == kEightBytes || (type == kExecute && length != 0)) return false;
  }
  return true;
}

const Task* loaded;  // whose breakpoints are in the processor; nullptr: none are

void write_dr7(u32 v) { asm volatile("movl %0, %%db7" : : "r"(v)); }

}  // namespace

u32 read_register(const Task& task, u32 index) {
  const TrapFrame& frame = task.user_frame();
  if (index == kOriginalEax) return frame.in_system_call() ? frame.error : ~0u;
  return frame.*kFields[index] & (is_selector(index) ? 0xffff : ~0u);
}

Or<> write_register(Task& task, u32 index, u32 value) {
  TrapFrame& frame = task.user_frame();
  if (index == kOriginalEax) {
    // -1 says that no call is in progress, so none is made again: a debugger is about to call a function.
    if (static_cast<i32>(value) < 0)
      frame.vector = 0;
    else if (frame.in_system_call())
      frame.error = value;
    return {};
  }
  if (index == kFlags) {
    frame.eflags = (frame.eflags & ~eflags::kUser) | (value & eflags::kUser);
    return {};
  }
  if (is_selector(index)) {
    value &= 0xffff;
    const bool stack_or_code = index >= 13;
    if ((value & 3) != 3 && (value != 0 || stack_or_code)) return fail(Errno::kIo);
  }
  frame.*kFields[index] = value;
  return {};
}

u32 read_debug_register(const Task& task, u32 number) { return task.trace.debug[number]; }

Or<> write_debug_register(Task& task, u32 number, u32 value) {
  u32(&debug)[8] = task.trace.debug;
  if (number == 4 || number == 5) return fail(Errno::kIo);
  // The kernel's addresses are not the user's to watch. Those of 4G/4G that are both are: see arch/entry.S.
  if (number < 4 && value >= layout::kUserEnd) return fail(Errno::kInval);
  if (number == 7) {
    value &= kDr7Writable;
    if (!valid_control(value)) return fail(Errno::kInval);
  }
  debug[number] = value;
  if (loaded == &task) loaded = nullptr;  // what is in the processor is old
  return {};
}

void load_breakpoints(const Task& task) {
  const u32(&d)[8] = task.trace.debug;
  if (!task.trace.breakpoints()) {
    if (loaded != nullptr) write_dr7(kDr7Fixed);
    loaded = nullptr;
    return;
  }
  if (loaded != &task) {
    asm volatile("movl %0, %%db0; movl %1, %%db1" : : "r"(d[0]), "r"(d[1]));
    asm volatile("movl %0, %%db2; movl %1, %%db3" : : "r"(d[2]), "r"(d[3]));
    loaded = &task;
  }
  write_dr7(d[7] | kDr7Fixed);  // each time: a debug exception takes it away
}

i32 debug_exception(Task& task, TrapFrame& frame) {
  constexpr i32 kBreakpoint = 1, kTrace = 2, kHardware = 4;  // TRAP_BRKPT and kin
  u32 dr6;
  asm volatile("movl %%db6, %0" : "=r"(dr6));
  asm volatile("movl %0, %%db6" : : "r"(0xffff0ff0));  // the processor only sets bits (SDM 3B, 17.2.3)
  task.trace.debug[6] = dr6;
  if (dr6 & kHits) {
    frame.eflags |= eflags::kResume;  // an instruction's breakpoint comes before it: on over it
    return kHardware;
  }
  return dr6 & kStep ? kTrace : kBreakpoint;
}

Or<> read_memory(Mm& mm, void* to, u32 address, u32 size) {
  if (address >= layout::kVdso && size <= kPageSize && address - layout::kVdso <= kPageSize - size) {
    memcpy(to, static_cast<const u8*>(vdso_image()) + (address - layout::kVdso), size);
    return {};
  }
  return copy_from_user(mm, to, address, size);
}

Or<> write_memory(Mm& mm, u32 address, const void* from, u32 size) {
  return mm.poke(address, static_cast<const u8*>(from), size);
}

}  // namespace ido::trace
