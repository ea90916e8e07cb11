# Writes and reads garbage at every port in every width, but for the debug-exit ports, the reset register and the PM
# block, which would end the run in their own good ways. Interrupts stay off; the table is empty, so nothing may come.
#include "bare.inc"
start:
  say text
  cli
  mov $0x2545f491, %ebx       # xorshift32
  mov $4, %bp                 # rounds
round:
  xor %dx, %dx
next:
  mov %ebx, %eax
  shl $13, %eax
  xor %eax, %ebx
  mov %ebx, %eax
  shr $17, %eax
  xor %eax, %ebx
  mov %ebx, %eax
  shl $5, %eax
  xor %eax, %ebx
  cmp $0x4fe, %dx
  jb write
  cmp $0x504, %dx
  jbe skip
  cmp $0x5fd, %dx
  jb write
  cmp $0x63f, %dx
  jbe skip
  cmp $0xcf6, %dx
  jb write
  cmp $0xcf9, %dx
  jbe skip
write:
  cmp $0x61, %dx
  je reads
  cmp $0x64, %dx              # 8042: 0xfe pulses reset
  je reads
  cmp $0x63, %dx
  je reads
  cmp $0x62, %dx
  je reads
  cmp $0x92, %dx              # fast reset
  je reads
  cmp $0x91, %dx
  je reads
  cmp $0x8f, %dx
  je reads
  cmp $0x90, %dx
  je reads
  cmp $0x3f8, %dx             # the text that the test reads
  je reads
  mov %ebx, %eax
  out %al, %dx
  out %ax, %dx
  out %eax, %dx
reads:
  in %dx, %al
  in %dx, %ax
  in %dx, %eax
skip:
  inc %dx
  jnz next
  dec %bp
  jnz round
  finish 2
text: .asciz "scribbling\n"
