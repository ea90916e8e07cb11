// Changing stacks: what a task keeps while it does not run is on its own stack.
#include "arch/entry_constants.h"

  .text
// void switch_stacks(u32* save_esp, u32 load_esp)
  .globl switch_stacks
switch_stacks:
  movl 4(%esp), %eax
  movl 8(%esp), %edx
  pushl %ebp
  pushl %ebx
  pushl %esi
  pushl %edi
  movl %esp, (%eax)
  movl %edx, %esp
  popl %edi
  popl %esi
  popl %ebx
  popl %ebp
  // The user's FS and GS come back from the frame; another task's must not be pushed and popped meanwhile.
  xorl %eax, %eax
  movl %eax, %fs
  movl %eax, %gs
  ret

// First return of a new task's switch_stacks: %ebx holds run, %esi its context.
  .globl thread_entry
thread_entry:
  pushl $0                    // back traces end here
  pushl %esi
  pushl %ebx
  call thread_main            // does not return

// First return of a forked task's: its frame stands at the top of its stack.
  .globl fork_entry
fork_entry:
  movl %esp, %eax
  pushl %eax
  call finish_fork
  addl $4, %esp
  jmp trap_exit

// void enter_user(TrapFrame* at the top of the running task's stack): leaves the kernel for good.
  .globl enter_user
enter_user:
  movl 4(%esp), %esp
  jmp fork_entry

// The task of the double-fault gate: its TSS has a stack of its own.
  .globl double_fault_entry
double_fault_entry:
  call handle_double_fault

  .section .note.GNU-stack, "", @progbits
