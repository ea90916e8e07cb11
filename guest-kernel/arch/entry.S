// The trampoline: the code that runs while either page table may be loaded (4G/4G). User and kernel tables map it
// alike, with the tables that the processor reads and the running task's kernel stack; nothing else is common.
//
// Entry: push what TrapFrame says; if the user's tables are loaded, load the kernel's; if ESP is in the virtual stack
// window, move it to the direct map address of the same bytes. Exit is the reverse, from what the frame remembers. So
// an NMI, a debug trap or a fault is welcome at any instruction here, whatever CPL and CS say: the frame says where to
// go back to, CR3 and ESP included.
//
// Debug exceptions and NMIs have copies of entry and exit of their own: a breakpoint in the common copy would else be
// hit again by its own handler's way in, for ever.
#include "arch/entry_constants.h"

  .section .trampoline.text, "ax", @progbits
  .altmacro

// --- What the paths are made of

.macro SAVE_REGISTERS
  pushal
  pushl %ds
  pushl %es
  pushl %fs
  pushl %gs
  movl $KERNEL_DS, %edx
  movl %edx, %ds
  movl %edx, %es
.endm

// To the kernel's tables and the real stack, from wherever this entry came.
.macro ENTER_KERNEL
  LOCAL same_tables, real_stack
#ifdef SPLIT_3G
  pushl $0                    // frame.cr3: not used
#else
  movl %cr3, %eax
  pushl %eax
  movl kernel_cr3, %ecx
  cmpl %ecx, %eax
  je same_tables
  movl %ecx, %cr3
same_tables:
  leal -VIRTUAL_STACK(%esp), %ecx
  cmpl $KERNEL_STACK_SIZE, %ecx
  ja real_stack
  addl stack_delta, %esp
real_stack:
#endif
.endm

// %esp: a TrapFrame at its real address, interrupts off. Back to where the frame says.
.macro LEAVE_KERNEL pop_gs, pops_end
  LOCAL real_stack, same_tables
#ifdef SPLIT_3G
  addl $4, %esp
#else
  movl FRAME_ESP_OF_PUSHA(%esp), %ecx
  subl $VIRTUAL_STACK, %ecx
  cmpl $KERNEL_STACK_SIZE, %ecx
  ja real_stack
  subl stack_delta, %esp
real_stack:
  popl %eax
  cmpl kernel_cr3, %eax
  je same_tables
  movl %eax, %cr3
same_tables:
#endif
  RESTORE_REGISTERS pop_gs, pops_end
.endm

// A bad selector faults at its POP: handle_trap zeroes it and comes back.
.macro RESTORE_REGISTERS pop_gs, pops_end
  .globl \pop_gs, \pops_end
\pop_gs:
  popl %gs
  popl %fs
  popl %es
  popl %ds
\pops_end:
  popal
.endm

// Calls a C++ function with the frame; the function's argument stays on the stack meanwhile. An absolute call: this
// code is linked for another place than it is loaded at.
.macro CALL_WITH_FRAME function
  cld
  movl %esp, %eax
  xorl %ebp, %ebp             // back traces end here; the handler goes on with the frame's
  pushl %eax
  movl $\function, %ecx
  call *%ecx
  addl $4, %esp
.endm

// One of the three whole paths, from the saved vector to IRET.
.macro PATH name, function, exit, pop_gs, pops_end, iret_at
\name:
  SAVE_REGISTERS
  .ifc \name, entry_debug
  // The user's breakpoints may have the addresses of things of ours (4G/4G), the handler's too. The return to user
  // mode sets them again.
  xorl %eax, %eax
  movl %eax, %db7
  .endif
  ENTER_KERNEL
  CALL_WITH_FRAME \function
  .globl \exit, \iret_at
\exit:
  LEAVE_KERNEL \pop_gs, \pops_end
  addl $8, %esp               // vector and error
\iret_at:
  iret
.endm

// --- Exceptions and interrupts

.macro STUB_NO_ERROR number, path
  .align 16
entry_\number:
  pushl $0
  pushl $\number
  jmp \path
.endm
.macro STUB_ERROR number
  .align 16
entry_\number:
  pushl $\number
  jmp entry_common
.endm
.macro STUB_OF number
  .if \number == 1
    STUB_NO_ERROR \number, entry_debug
  .elseif \number == 2
    STUB_NO_ERROR \number, entry_nmi
  .elseif \number == 8 || \number == 10 || \number == 11 || \number == 12 || \number == 13 || \number == 14 || \number == 17
    STUB_ERROR \number
  .else
    STUB_NO_ERROR \number, entry_common
  .endif
.endm

  .globl trampoline_code_start
trampoline_code_start:
  .set i, 0
  .rept 48
    STUB_OF %i
    .set i, i + 1
  .endr

  .align 16
  PATH entry_common, handle_trap, trap_exit, exit_pop_gs, exit_pops_end, exit_iret

// A fault at exit_iret comes here instead: the frame that could not be returned to becomes the frame of a general
// protection fault of the user's.
  .globl bad_iret
bad_iret:
  pushl $0
  pushl $13
  jmp entry_common

// --- System calls

  .align 16
entry_system_call:            // INT 80h
  pushl %eax                  // error: the number, for restarting
  pushl $VECTOR_SYSTEM_CALL
  SAVE_REGISTERS
  ENTER_KERNEL
  CALL_WITH_FRAME handle_system_call
  jmp trap_exit

// SYSENTER (SDM 2B): CPL 0, IF and VM clear, the other flags still the user's; ESP from the MSR, the top of the stack
// that TSS.esp0 names too. The vsyscall code left the user's ESP in EBP, and ECX, EDX, EBP and the sixth argument on
// the user's stack. A frame as INT 80h would have left it, but for EBP, which system_call() fetches if it is needed.
  .align 16
  .globl sysenter_entry
sysenter_entry:               // TF set by the user traps here, on an empty stack
  pushl $USER_DS
  pushl %ebp
  pushfl
  orl $FLAG_INTERRUPT, (%esp)
  pushl $2
  popfl                       // no TF, NT (IRET would switch tasks), AC, DF
  pushl $USER_CS
  pushl $VDSO_SYSENTER_RETURN
  pushl %eax
  pushl $VECTOR_SYSENTER
  SAVE_REGISTERS
#ifdef SPLIT_3G
  pushl $0
#else
  movl %cr3, %eax
  pushl %eax
  movl kernel_cr3, %ecx
  movl %ecx, %cr3
  addl stack_delta, %esp
#endif
  movl %esp, %eax
  xorl %ebp, %ebp
  pushl %eax
  movl $handle_sysenter, %ecx
  call *%ecx
  addl $4, %esp
  testl %eax, %eax            // may it be left by SYSEXIT?
  jz trap_exit
#ifdef SPLIT_3G
  addl $4, %esp
#else
  subl stack_delta, %esp
  popl %eax
  movl %eax, %cr3
#endif
  RESTORE_REGISTERS sysexit_pop_gs, sysexit_pops_end
  movl 8(%esp), %edx          // EIP
  movl 20(%esp), %ecx         // ESP
  andl $~FLAG_INTERRUPT, 16(%esp)
  addl $16, %esp
  popfl
  sti                         // takes effect after SYSEXIT
  sysexit

// --- Debug exceptions and NMIs

  .align 16
  .globl trampoline_guarded_start
trampoline_guarded_start:     // no breakpoints from here on
  PATH entry_debug, handle_trap, debug_exit, debug_pop_gs, debug_pops_end, debug_iret
  .align 16
  PATH entry_nmi, handle_trap, nmi_exit, nmi_pop_gs, nmi_pops_end, nmi_iret

  .globl trampoline_code_end
trampoline_code_end:

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
  .long entry_system_call

  .section .note.GNU-stack, "", @progbits
