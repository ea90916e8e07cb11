; The firmware of the fuzzer's machines, 4 KiB below 4 GiB and 1 MiB: wakes the devices, so that interrupts come often,
; and goes where a scene has its code.
  bits 16
  org 0xf000
start:
  mov al, 2                 ; A20
  out 0x92, al
  mov al, 0x11              ; both 8259A: vectors 0x20 and 0x28, nothing masked
  out 0x20, al
  out 0xa0, al
  mov al, 0x20
  out 0x21, al
  mov al, 0x28
  out 0xa1, al
  mov al, 4
  out 0x21, al
  mov al, 2
  out 0xa1, al
  mov al, 1
  out 0x21, al
  out 0xa1, al
  xor al, al
  out 0x21, al
  out 0xa1, al
  mov al, 0x14              ; counter 0: mode 2, every microsecond
  out 0x43, al
  mov al, 1
  out 0x40, al
  mov al, 0x0a              ; the clock: its periodic interrupt at the highest rate
  out 0x70, al
  mov al, 0x23
  out 0x71, al
  mov al, 0x0b
  out 0x70, al
  mov al, 0x42
  out 0x71, al
  mov dx, 0x3f9             ; the serial port: all its interrupts
  mov al, 0x0f
  out dx, al
  mov dx, 0x3fc
  mov al, 8
  out dx, al
  xor ax, ax
  mov ss, ax
  mov sp, 0x7000
  sti
  jmp 0x1000:0
  times 0xff0 - ($ - $$) db 0xf4
  jmp 0xf000:start
  times 0x1000 - ($ - $$) db 0xf4
