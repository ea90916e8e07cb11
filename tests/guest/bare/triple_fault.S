# An interrupt table with nothing in it, and an interrupt: shutdown (SDM 3A, 6.15, double fault).
#include "bare.inc"
start:
  say text
  lidt %cs:empty
  int3
  finish 9
text: .asciz "falling\n"
empty: .word 0, 0, 0
