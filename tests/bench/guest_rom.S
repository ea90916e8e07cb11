# The guest loop as its own firmware, so that any PC emulator can run it: 64 KiB that end at 4 GiB and at 1 MiB. Goes to
# flat protected mode, copies the loop to where it belongs and calls it for ROUNDS rounds of the row that the image's
# first byte names.
.set LOOP_AT, 0x100000
.set ROW_AT, 0x90008
.set ROUNDS_AT, 0x90004
.set ROM, 0xf0000
.set CODE, 0x08
.set DATA, 0x10

.section .reset, "ax"
.code16
  ljmp $0xf000, $start

.text
row:
  .byte 0
start:
  cli
  mov $2, %al                 # port 0x92, bit 1: A20 on
  out %al, $0x92
  lgdtl %cs:gdt_pointer
  mov %cr0, %eax
  and $0x9fffffff, %eax       # CD and NW off
  or $1, %al
  mov %eax, %cr0
  ljmpl $CODE, $ROM + protected

.code32
protected:
  mov $DATA, %ax
  mov %ax, %ds
  mov %ax, %es
  mov %ax, %ss
  mov $0x80000, %esp
  mov $ROM + loop, %esi
  mov $LOOP_AT, %edi
  mov $(loop_end - loop + 3) / 4, %ecx
  cld
  rep movsl
  movl $ROUNDS, ROUNDS_AT
  movzbl ROM + row, %eax
  mov %eax, ROW_AT
  mov $LOOP_AT, %eax
  call *%eax                  # as the ABI aligns the stack

.balign 8
gdt:
  .quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdt_pointer:
  .word 23
  .long ROM + gdt
loop:
  .incbin "guest-loop.bin"
loop_end:
