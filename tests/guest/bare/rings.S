# Two address spaces under PAE paging, in the manner of a 4G/4G kernel: a program at ring 3 makes system calls, each of
# which switches CR3 to the kernel's tables and back, faults in a page that the kernel takes away again, and is
# interrupted by a fast timer. What the timer interrupts goes into a hash, so that a replay that is off by one
# instruction prints something else. Then a virtual-8086 task faults out, and a double fault ends in a task gate.
#include "bare.inc"

# Where things are in RAM. Pages from KERNEL_ONLY on are not in the program's tables; USER pages are the program's.
.set IDT, 0x1000
.set GDT, 0x1800
.set PDPT_KERNEL, 0x2000
.set PDPT_USER, 0x2020
.set DIRECTORY_KERNEL, 0x3000
.set DIRECTORY_USER, 0x4000
.set TABLE_KERNEL, 0x5000
.set TABLE_USER, 0x6000
.set TSS, 0x7000
.set FAULT_TSS, 0x7100
.set KERNEL_STACK, 0x9000
.set FAULT_STACK, 0xa000
.set USER_CODE, 0x10000
.set USER_STACK, 0x13000
.set LENT_PAGE, 0x14000
.set VIRTUAL_CODE, 0x15000
.set KERNEL_ONLY, 0x20000
.set CALLS, KERNEL_ONLY
.set TICKS, KERNEL_ONLY + 4
.set FAULTS, KERNEL_ONLY + 8
.set HASH, KERNEL_ONLY + 12

.set ROM, 0xf0000             # the image's alias below 1 MiB; code segments are based here
.set CODE, 0x08
.set DATA, 0x10
.set USER_CS, 0x18 + 3
.set USER_DS, 0x20 + 3
.set TASK, 0x28
.set FAULT_TASK, 0x30

start:
  say text
  cli
  lgdtl %cs:rom_gdt_pointer
  mov %cr0, %eax
  or $1, %al
  mov %eax, %cr0
  ljmpl $CODE, $protected

.code32
protected:
  mov $DATA, %ax
  mov %ax, %ds
  mov %ax, %es
  mov %ax, %ss
  mov $KERNEL_STACK, %esp

  # The GDT moves to RAM, where the busy bits of the TSS descriptors can be set.
  mov $ROM + rom_gdt, %esi
  mov $GDT, %edi
  mov $(rom_gdt_end - rom_gdt) / 4, %ecx
  rep movsl
  lgdt ROM + gdt_pointer

  # Tables: both address spaces map the first 2 MiB one to one; the program's lacks the kernel's own pages.
  movl $DIRECTORY_KERNEL + 1, PDPT_KERNEL
  movl $DIRECTORY_USER + 1, PDPT_USER
  movl $TABLE_KERNEL + 7, DIRECTORY_KERNEL
  movl $TABLE_USER + 7, DIRECTORY_USER
  xor %ecx, %ecx
1:mov %ecx, %eax
  shl $12, %eax
  or $3, %eax
  cmp $USER_CODE >> 12, %ecx
  jb 2f
  cmp $KERNEL_ONLY >> 12, %ecx
  jae 2f
  or $4, %eax
2:mov %eax, TABLE_KERNEL(, %ecx, 8)
  cmp $KERNEL_ONLY >> 12, %ecx
  jb 3f
  cmp $(KERNEL_ONLY >> 12) + 16, %ecx
  jae 3f
  xor %eax, %eax
3:mov %eax, TABLE_USER(, %ecx, 8)
  inc %ecx
  cmp $512, %ecx
  jb 1b
  andl $~1, TABLE_USER + (LENT_PAGE >> 12) * 8
  mov $0x20, %eax             # CR4.PAE
  mov %eax, %cr4
  mov $PDPT_KERNEL, %eax
  mov %eax, %cr3
  mov %cr0, %eax
  or $0x80010000, %eax        # PG and WP
  mov %eax, %cr0

  # Interrupt gates, by a list of (vector, type and DPL, handler).
  mov $ROM + gates, %esi
4:lodsl
  test %eax, %eax
  jz 5f
  movzbl %al, %edi
  shr $16, %eax
  mov %eax, %edx
  lodsl
  mov %eax, IDT(, %edi, 8)
  movw $CODE, IDT + 2(, %edi, 8)
  mov %dx, IDT + 4(, %edi, 8)
  movw $0, IDT + 6(, %edi, 8)
  jmp 4b
5:movl $FAULT_TASK << 16, IDT + 8 * 8
  movl $0x8500, IDT + 8 * 8 + 4
  lidt ROM + idt_pointer

  # The TSS of everyday, and that of the double fault.
  movl $KERNEL_STACK, TSS + 4
  movl $DATA, TSS + 8
  movl $0x68 << 16, TSS + 0x64
  movl $PDPT_KERNEL, FAULT_TSS + 0x1c
  movl $double_fault, FAULT_TSS + 0x20
  movl $2, FAULT_TSS + 0x24
  movl $FAULT_STACK, FAULT_TSS + 0x38
  movl $DATA, FAULT_TSS + 0x48
  movl $CODE, FAULT_TSS + 0x4c
  movl $DATA, FAULT_TSS + 0x50
  movl $DATA, FAULT_TSS + 0x54
  mov $TASK, %ax
  ltr %ax

  # The program and the virtual-8086 code.
  mov $ROM + program, %esi
  mov $USER_CODE, %edi
  mov $program_end - program, %ecx
  rep movsb
  movl $0x90f4, VIRTUAL_CODE  # hlt; nop

  # A tick about every 10 us: 8259A on vectors 20-2f with IRQ 0 alone, 8254 channel 0 in mode 2.
  mov $ROM + port_writes, %esi
6:lodsw
  test %ax, %ax
  jz 7f
  mov %ax, %dx
  lodsw
  out %al, %dx
  jmp 6b
7:push $USER_DS
  push $USER_STACK
  push $0x202
  push $USER_CS
  push $USER_CODE
  mov $USER_DS, %ax
  mov %ax, %ds
  mov %ax, %es
  mov $PDPT_USER, %eax
  mov %eax, %cr3
  iret

# Entry from ring 3: to the kernel's tables and back. DS and ES stay flat, so only the table changes.
.macro entry name, error=0
\name:
  pusha
  mov $PDPT_KERNEL, %eax
  mov %eax, %cr3
.endm
.macro leave_to_user error=0
  mov $PDPT_USER, %eax
  mov %eax, %cr3
  popa
  .if \error
  add $4, %esp
  .endif
  iret
.endm
.macro mix value
  mov HASH, %ecx
  rol $5, %ecx
  xor \value, %ecx
  mov %ecx, HASH
.endm

  entry system_call
  incl CALLS
  leave_to_user

  entry take_page_away
  andl $~1, TABLE_USER + (LENT_PAGE >> 12) * 8
  leave_to_user               # the switch of CR3 flushes

  entry page_fault
  mov %cr2, %eax
  cmp $LENT_PAGE + 8, %eax
  jne wrong
  cmpl $6, 32(%esp)           # user, write, not present
  jne wrong
  orl $1, TABLE_USER + (LENT_PAGE >> 12) * 8
  incl FAULTS
  leave_to_user 1

  entry tick
  incl TICKS
  mix 32(%esp)                # EIP
  mix 24(%esp)                # ECX
  mov $0x20, %al
  out %al, $0x20
  leave_to_user

# The program is done: into virtual-8086 mode, whose HLT is a general-protection fault.
  entry done
  mov $0xff, %al
  out %al, $0x21
  mov $KERNEL_STACK, %esp
  push $0
  push $0
  push $0
  push $0
  push $0
  push $0x800
  push $0x20002
  push $VIRTUAL_CODE >> 4
  push $0
  iret

general_protection:
  testb $2, 14(%esp)          # EFLAGS.VM of the interrupted code
  jz wrong
  mov $DATA, %ax
  mov %ax, %ds
  cmpl $VIRTUAL_CODE >> 4, 8(%esp)
  jne wrong
  # A stack in a page that is not there: the push faults, the page fault's push as well.
  mov $KERNEL_ONLY + 0x800, %esp
  mov $PDPT_USER, %eax
  mov %eax, %cr3
  int3

double_fault:
  cmpl $0, (%esp)             # the error code
  jne wrong
  mov HASH, %ebx
  xor CALLS, %ebx
  mov $8, %ecx
1:rol $4, %ebx
  mov %bl, %al
  and $15, %al
  add $'0', %al
  cmp $'9', %al
  jbe 2f
  add $'a' - '0' - 10, %al
2:mov $0x3f8, %dx
  out %al, %dx
  loop 1b
  cmpl $30000, CALLS
  jne wrong
  cmpl $1875, FAULTS
  jne wrong
  cmpl $20, TICKS
  jb wrong
  finish 3
wrong:
  mov $DATA, %ax
  mov %ax, %ds
  finish 9

# At ring 3, copied to USER_CODE.
program:
  mov $30000, %ecx
1:int $0x80
  test $15, %cl
  jnz 2f
  mov %ecx, LENT_PAGE + 8
  int $0x81
2:pushf
  pop %eax
  loop 1b
  int $0x82
program_end:

gates:
  .word 14, 0x8e00
  .long page_fault
  .word 13, 0x8e00
  .long general_protection
  .word 0x20, 0x8e00
  .long tick
  .word 0x80, 0xee00
  .long system_call
  .word 0x81, 0xee00
  .long take_page_away
  .word 0x82, 0xee00
  .long done
  .word 3, 0x8e00
  .long wrong
  .long 0

port_writes:
  .word 0x20, 0x11, 0x21, 0x20, 0x21, 4, 0x21, 1, 0x21, 0xfe, 0xa1, 0xff
  .word 0x43, 0x34, 0x40, 12, 0x40, 0
  .word 0

.align 8
rom_gdt:
  .quad 0
  .quad 0x00cf9b0f0000ffff    # code, based at the ROM
  .quad 0x00cf93000000ffff
  .quad 0x00cffb000000ffff
  .quad 0x00cff3000000ffff
  .quad 0x0000890070000067    # TSS
  .quad 0x0000890071000067    # TSS of the double fault
rom_gdt_end:
rom_gdt_pointer: .word rom_gdt_end - rom_gdt - 1
  .long ROM + rom_gdt
gdt_pointer: .word rom_gdt_end - rom_gdt - 1
  .long GDT
idt_pointer: .word 0x7ff
  .long IDT
text: .asciz "ringing "
