// What a user program does while ktest/entry_paths.cpp steps over the entry code: calls both ways and a page fault, each
// round, with registers that must not change. It ends by UD2 if anything does.
#include "arch/entry_constants.h"
#include "ktest/entry_program.h"

  .section .rodata
  .globl entry_program_start, entry_program_end
entry_program_start:
  movl $SYS_GETPID, %eax
  int $VECTOR_SYSTEM_CALL
  movl %eax, PROGRAM_PID
1:
  call set_registers
  movl $SYS_GETPID, %eax
  int $VECTOR_SYSTEM_CALL
  call check
  movl $SYS_GETPID, %eax
  movl $VDSO_VSYSCALL, %edx
  call *%edx
  call check
  movl $SYS_MADVISE, %eax
  movl $PROGRAM_FRESH, %ebx
  movl $0x1000, %ecx
  movl $MADV_DONTNEED, %edx
  int $VECTOR_SYSTEM_CALL
  call set_registers
  incl PROGRAM_FRESH          // faults: the page is new, and zero
  cmpl $1, PROGRAM_FRESH
  jne bad
  movl PROGRAM_PID, %eax
  call check
  incl PROGRAM_ROUNDS
  movl $SYS_SCHED_YIELD, %eax
  int $VECTOR_SYSTEM_CALL
  jmp 1b

set_registers:
  movl $0x11111111, %ebx
  movl $0x22222222, %esi
  movl $0x33333333, %edi
  movl $0x44444444, %ebp
  ret

check:
  cmpl %eax, PROGRAM_PID
  jne bad
  cmpl $0x11111111, %ebx
  jne bad
  cmpl $0x22222222, %esi
  jne bad
  cmpl $0x33333333, %edi
  jne bad
  cmpl $0x44444444, %ebp
  jne bad
  ret
bad:
  ud2
entry_program_end:

  .section .note.GNU-stack, "", @progbits
