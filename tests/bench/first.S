# The first process of a boot that is measured: it ends the machine with its first instructions, reboot(RESTART).
.globl _start
_start:
  mov $88, %eax
  mov $0xfee1dead, %ebx
  mov $0x28121969, %ecx
  mov $0x01234567, %edx
  int $0x80
