// The vsyscall page: a small ELF image at VDSO_BASE in every address space, which C libraries find by AT_SYSINFO and
// AT_SYSINFO_EHDR and debuggers as [vdso]. Its addresses are fixed (arch/entry_constants.h), so the kernel knows them.
#include "arch/entry_constants.h"

  .text
  .globl __kernel_vsyscall, __kernel_sigreturn, __kernel_rt_sigreturn
  .type __kernel_vsyscall, @function
  .type __kernel_sigreturn, @function
  .type __kernel_rt_sigreturn, @function

// A system call, the arguments as for INT 80h. SYSEXIT loses ECX and EDX, and the kernel wants ESP in EBP: the sixth
// argument is then at (%ebp). A call that is made again starts at the INT 80h, two bytes before the return address.
  .org VDSO_VSYSCALL - VDSO_TEXT
__kernel_vsyscall:
  .cfi_startproc
  pushl %ecx
  .cfi_adjust_cfa_offset 4
  .cfi_rel_offset %ecx, 0
  pushl %edx
  .cfi_adjust_cfa_offset 4
  .cfi_rel_offset %edx, 0
  pushl %ebp
  .cfi_adjust_cfa_offset 4
  .cfi_rel_offset %ebp, 0
  movl %esp, %ebp
  sysenter
  .org VDSO_SYSENTER_RETURN - VDSO_TEXT - 2, 0x90
  int $VECTOR_SYSTEM_CALL
  popl %ebp                   // VDSO_SYSENTER_RETURN
  .cfi_adjust_cfa_offset -4
  .cfi_restore %ebp
  popl %edx
  .cfi_adjust_cfa_offset -4
  .cfi_restore %edx
  popl %ecx
  .cfi_adjust_cfa_offset -4
  .cfi_restore %ecx
  ret
  .cfi_endproc
  .size __kernel_vsyscall, . - __kernel_vsyscall

// Where handlers without SA_RESTORER return to. Unwinders and debuggers know these by their bytes.
  .org VDSO_SIGRETURN - VDSO_TEXT
__kernel_sigreturn:
  popl %eax                   // the signal's number, pushed as the handler's argument
  movl $119, %eax
  int $VECTOR_SYSTEM_CALL
  .size __kernel_sigreturn, . - __kernel_sigreturn

  .org VDSO_RT_SIGRETURN - VDSO_TEXT
__kernel_rt_sigreturn:
  movl $173, %eax
  int $VECTOR_SYSTEM_CALL
  .size __kernel_rt_sigreturn, . - __kernel_rt_sigreturn

  .section .note.GNU-stack, "", @progbits
