# The crossings of row "system calls", and the program: 5000 calls of each kind, then call 0, which ends the round.
.set CODE3, 0x18 | 3
.set DATA3, 0x20 | 3
.set THREAD, 0x28 | 3

.text
.globl call_enter_program, call_interrupt_entry, call_fast_entry, call_stack_top, call_program

# Runs the program to its end.
call_enter_program:
  pusha
  mov %esp, saved_stack
  mov $THREAD, %eax
  mov %ax, %gs
  push $DATA3
  push $program_stack_top
  pushf
  push $CODE3
  push $call_program
  jmp leave_by_iret

leave_by_iret:
  mov call_user_cr3, %eax
  mov %eax, %cr3
  mov result, %eax
  iret

# INT 0x80: number in EAX -> result in EAX.
call_interrupt_entry:
  push %ds
  push %es
  push %ecx
  push %edx
  mov $0x10, %ecx
  mov %ecx, %ds
  mov %ecx, %es
  mov call_kernel_cr3, %ecx
  mov %ecx, %cr3
  test %eax, %eax
  jz finish
  push %eax
  call call_serve
  add $4, %esp
  mov %eax, result
  pop %edx
  pop %ecx
  pop %es
  pop %ds
  jmp leave_by_iret

finish:
  mov saved_stack, %esp
  popa
  ret

# SYSENTER: number in EAX, the program's ESP in ECX and return address in EDX -> result in EAX.
call_fast_entry:
  push %ecx
  push %edx
  mov call_kernel_cr3, %ecx
  mov %ecx, %cr3
  push %eax
  call call_serve
  add $4, %esp
  mov call_user_cr3, %ecx
  mov %ecx, %cr3
  pop %edx
  pop %ecx
  sysexit

call_program:
  mov $DATA3, %eax
  mov %ax, %ds
  mov %ax, %es
  mov $5000, %esi
1:mov %esi, %eax
  int $0x80
  call work
  mov %esi, %eax
  mov %esp, %ecx
  mov $2f, %edx
  sysenter
2:call work
  dec %esi
  jnz 1b
  xor %eax, %eax
  int $0x80

# A little work of the program between two calls: some pages of its own, and its thread's data.
work:
  mov %gs:0, %edx
  add %eax, %edx
  mov %edx, %gs:4
  mov $6, %ecx
  lea call_private + 65536 + 4096, %edi
1:add %edx, (%edi)
  add $4096, %edi
  dec %ecx
  jnz 1b
  ret

.bss
.balign 16
saved_stack:
  .skip 4
result:
  .skip 4
  .skip 4096
call_stack_top:
  .skip 4096
program_stack_top:
