# Runs code from the IOAPIC's registers, and from where nothing is: bytes of ones are an invalid opcode, which this
# guest catches and counts.
#include "bare.inc"
start:
  say text
  xor %ax, %ax
  mov %ax, %ds
  mov %ax, %ss
  mov $0x7c00, %sp
  cli
  lgdtl %cs:gdtr
  mov %cr0, %eax
  or $1, %al
  mov %eax, %cr0
  ljmpl $8, $0xffff0000 + protected
.code32
protected:
  mov $16, %ax
  mov %ax, %ds
  mov %ax, %ss
  mov $0x7000, %esp
  lidt %cs:0xffff0000 + idtr
  mov $0xfec00000, %eax
  jmp *%eax
# The handler: the first time goes on to an address without anything, the second time ends well.
invalid_opcode:
  incl 0x6000
  cmpl $2, 0x6000
  je both
  mov $0xa0000000, %eax
  jmp *%eax
both:
  mov $3, %al
  mov $0x501, %dx
  out %al, %dx
  hlt
.code16
text: .asciz "jumping\n"
.align 8
gdt: .quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdtr: .word 23
  .long 0xffff0000 + gdt
.align 8
idt:
.rept 32
  .word invalid_opcode, 8, 0x8e00, 0xffff
.endr
idtr: .word 255
  .long 0xffff0000 + idt
