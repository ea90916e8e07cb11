// The trampoline: the code that runs while either page table may be loaded (4G/4G). User and kernel tables map it
// alike, with the tables that the processor reads and the running task's kernel stack; nothing else is common.
//
// Entry: push what TrapFrame says; if the user's tables are loaded, load the kernel's; if ESP is in the virtual stack
// window, move it to the direct map address of the same bytes. Exit is the reverse, from what the frame remembers. So
// an NMI, a debug trap or a fault is welcome at any instruction here, whatever CPL and CS say: the frame says where to
// go back to, CR3 and ESP included.
#include "arch/entry_constants.h"

  .section .trampoline.text, "ax", @progbits

.macro STUB_NO_ERROR number
  .align 16
entry_\number:
  pushl $0
  pushl $\number
  jmp entry_common
.endm
.macro STUB_ERROR number
  .align 16
entry_\number:
  pushl $\number
  jmp entry_common
.endm

  .globl trampoline_code_start
trampoline_code_start:

  .altmacro
.macro STUB_OF number
  .if \number == 8 || \number == 10 || \number == 11 || \number == 12 || \number == 13 || \number == 14 || \number == 17
    STUB_ERROR \number
  .else
    STUB_NO_ERROR \number
  .endif
.endm
  .set i, 0
  .rept 48
    STUB_OF %i
    .set i, i + 1
  .endr
  STUB_NO_ERROR 128

  .align 16
entry_common:
  pushal
  pushl %ds
  pushl %es
  pushl %fs
  pushl %gs
  cld
  movl $KERNEL_DS, %edx
  movl %edx, %ds
  movl %edx, %es
  movl %cr3, %eax
  pushl %eax
  movl kernel_cr3, %ecx
  cmpl %ecx, %eax
  je 1f
  movl %ecx, %cr3
1:
  leal -VIRTUAL_STACK(%esp), %ecx
  cmpl $KERNEL_STACK_SIZE, %ecx
  ja 2f
  addl stack_delta, %esp
2:
  movl %esp, %eax
  xorl %ebp, %ebp             // back traces end here; the handler goes on with the frame's
  pushl %eax
  movl $handle_trap, %ecx
  call *%ecx
  addl $4, %esp

  // %esp: a TrapFrame at its real address, interrupts off.
  .globl trap_exit
trap_exit:
  movl FRAME_ESP_OF_PUSHA(%esp), %ecx
  subl $VIRTUAL_STACK, %ecx
  cmpl $KERNEL_STACK_SIZE, %ecx
  ja 1f
  subl stack_delta, %esp
1:
  popl %eax
  cmpl kernel_cr3, %eax
  je 2f
  movl %eax, %cr3
2:
  .globl exit_pop_gs, exit_pop_ds_end, exit_iret, bad_iret
exit_pop_gs:                  // a bad selector faults here: handle_trap zeroes it and comes back
  popl %gs
  popl %fs
  popl %es
  popl %ds
exit_pop_ds_end:
  popal
  addl $8, %esp
exit_iret:
  iret

// A fault at exit_iret comes here instead: the frame that could not be returned to becomes the frame of a general
// protection fault of the user's.
bad_iret:
  pushl $0
  pushl $13
  jmp entry_common

  .globl trampoline_code_end
trampoline_code_end:

// A page that user code may execute: where signal handlers return to when SA_RESTORER names no place.
  .align 4096
  .globl user_page_start, user_sigreturn, user_rt_sigreturn
user_page_start:
user_sigreturn:
  popl %eax                   // the signal's number, pushed as the handler's argument
  movl $119, %eax
  int $0x80
  .align 16
user_rt_sigreturn:
  movl $173, %eax
  int $0x80
  .align 4096

  .section .rodata
  .align 4
  .globl entry_stubs, system_call_stub
entry_stubs:
  .set i, 0
.macro STUB_ADDRESS number
  .long entry_\number
.endm
  .rept 48
    STUB_ADDRESS %i
    .set i, i + 1
  .endr
system_call_stub:
  .long entry_128

  .section .note.GNU-stack, "", @progbits
