#include "arch/stack.hpp"

#include "arch/cpu.hpp"
#include "arch/descriptors.hpp"
#include "arch/entry_constants.h"
#include "arch/kernel_tables.hpp"
#include "arch/trampoline.hpp"
#include "lib/print.hpp"
#include "lib/string.hpp"

namespace ido {

u32 user_cr3;

namespace {
void* shown_stack;
}  // namespace

void show_stack(void* stack) {
  if (stack == shown_stack) return;
  shown_stack = stack;
  const u32 real = static_cast<u32>(reinterpret_cast<uintptr_t>(stack));
  if (!layout::kSplit4G) return set_kernel_stack(real + layout::kKernelStackSize);
  stack_delta = real - layout::kVirtualStack;
  for (u32 offset = 0; offset < layout::kKernelStackSize; offset += kPageSize) {
    set_trampoline_page(layout::kVirtualStack + offset, low_physical(stack) + offset, pte::kWrite | no_execute_bit());
    invalidate_page(layout::kVirtualStack + offset);
  }
}

void set_user_tables(const UserPageTable* tables) {
  user_cr3 = tables == nullptr ? kernel_cr3 : static_cast<u32>(tables->cr3());
  if (!layout::kSplit4G && read_cr3() != user_cr3) write_cr3(user_cr3);
}

void set_flat_segments(TrapFrame& frame) {
  frame.ds = frame.es = frame.ss = USER_DS;
  frame.cs = USER_CS;
}

TrapFrame* make_user_frame(void* stack, u32 eip, u32 esp) {
  auto* frame = reinterpret_cast<TrapFrame*>(static_cast<u8*>(stack) + layout::kKernelStackSize - sizeof(TrapFrame));
  memset(frame, 0, sizeof *frame);
  set_flat_segments(*frame);
  // What PUSHA would have stored: the exit code finds out by it that the frame was built on the virtual stack.
  frame->esp_of_pusha = layout::kVirtualStack + layout::kKernelStackSize - 7 * sizeof(u32);
  frame->eflags = eflags::kInterrupt | 2;
  frame->eip = eip;
  frame->esp = esp;
  return frame;
}

u32 make_first_switch(void* stack, void (*entry)(), u32 ebx, u32 esi) {
  auto* word = reinterpret_cast<u32*>(static_cast<u8*>(stack) + layout::kKernelStackSize - sizeof(TrapFrame));
  *--word = reinterpret_cast<u32>(entry);
  *--word = 0;  // EBP: the chain of frames ends
  *--word = ebx;
  *--word = esi;
  *--word = 0;  // EDI
  return reinterpret_cast<u32>(word);
}

}  // namespace ido
