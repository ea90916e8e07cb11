# Places the PM block by PMBA and PMREGMISC of the PIIX4 (device 1, function 3), as firmware does, and enters S5 through
# PM1a control, as ACPI has it (SLP_TYP 0, SLP_EN): the emulator ends with 0.
#include "bare.inc"
start:
  say text
  mov $0x80000b40, %eax
  mov $0xcf8, %dx
  out %eax, %dx
  mov $0x601, %eax
  mov $0xcfc, %dx
  out %eax, %dx
  mov $0x80000b80, %eax
  mov $0xcf8, %dx
  out %eax, %dx
  mov $1, %al
  mov $0xcfc, %dx
  out %al, %dx
  mov $0x604, %dx
  mov $0x2000, %ax
  out %ax, %dx
  finish 9
text: .asciz "going off\n"
