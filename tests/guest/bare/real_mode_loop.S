# Loops for ever in real mode, interrupts off: must be stoppable, and must not grow.
#include "bare.inc"
start:
  say text
forever:
  jmp forever
text: .asciz "looping\n"
