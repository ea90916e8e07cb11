# The last 8 KiB below 1 MiB: jumps and tables at the addresses where PC firmware has always had them (IBM Personal
# System/2 BIOS Interface Technical Reference; software jumps there, or compares vectors with them), and the reset vector.

#include "services/entry_constants.h"

        .code16
        .section .fixed, "ax"
        .macro  AT offset               # an offset in segment F000
        .org    \offset - 0xe000, 0
        .endm
        .macro  LEAD offset, entry
        AT      \offset
        ljmpw   $SEGMENT, $\entry
        .endm

# The way to POST, 32-bit code at the begin of the image. It comes here at reset, in a segment whose base is FFFF0000
# (SDM 3A, 9.1.4), and when somebody jumps to F000:FFF0.
        AT      0xe05b
power_on:
        cli
        cld
        inb     $0x92, %al              # A20 on, without the fast reset of bit 0
        orb     $0x02, %al
        andb    $0xfe, %al
        outb    %al, $0x92
        lgdtl   %cs:post_gdt_register - fixed_begin + 0xe000
        movl    %cr0, %eax
        orl     $1, %eax
        movl    %eax, %cr0
        ljmpl   $0x10, $0xe0000

post_gdt:
        .quad   0, 0
        .quad   0x00cf9b000000ffff      # 10: code, flat, 32-bit
        .quad   0x00cf93000000ffff      # 18: data, flat
post_gdt_register:
        .word   post_gdt_register - post_gdt - 1
        .long   post_gdt - fixed_begin + 0xfe000

        .set    fixed_begin, power_on - 0x5b

        LEAD    0xe2c3, entry_02
        LEAD    0xe3fe, entry_13

        AT      0xe6ed
jump_19:
        ljmpw   $SEGMENT, $entry_19
        AT      0xe6f2
        jmp     jump_19
        AT      0xe6f5                  # what INT 15h, AH=C0h returns
        .word   8                       # bytes that follow
        .byte   0xfc, 0, 1              # model AT, submodel, revision
        .byte   0x74                    # second 8259, real-time clock, INT 15h AH=4Fh called, EBDA
        .byte   0x40                    # INT 16h, AH=09h
        .byte   0, 0, 0

        AT      0xe729                  # divisors for INT 14h: 110 to 9600 baud
        .word   0x0417, 0x0300, 0x0180, 0x00c0, 0x0060, 0x0030, 0x0018, 0x000c
        LEAD    0xe739, entry_14
        LEAD    0xe82e, entry_16
        LEAD    0xe987, entry_09
        LEAD    0xec59, entry_40
        LEAD    0xef57, entry_0e

        AT      0xefc7                  # diskette parameters, 1.44 MiB: SPECIFY's two bytes, motor off after 37 ticks,
        .byte   0xdf, 0x02, 37, 2, 18, 0x1b, 0xff, 0x6c, 0xf6, 15, 8
        LEAD    0xefd2, entry_17
        LEAD    0xf065, entry_10
        AT      0xf0a4                  # INT 1Dh: CRTC parameters of the oldest adapters: none
        .fill   88, 1, 0
        LEAD    0xf841, entry_12
        LEAD    0xf84d, entry_11
        LEAD    0xf859, entry_15
        AT      0xf900                  # not at an address that anybody knows
        ljmpw   $SEGMENT, $entry_18
        AT      0xf908
        int     $0x18
        LEAD    0xf910, entry_70
        LEAD    0xf920, entry_74
        LEAD    0xf930, entry_76
        LEAD    0xfe6e, entry_1a
        LEAD    0xfea5, entry_08
        LEAD    0xff23, entry_irq
        AT      0xff53
        iretw
        LEAD    0xff54, entry_05

        AT      0xfff0
        .globl  reset_vector
reset_vector:
        jmp     power_on
        AT      0xfff5
        .ascii  "22/11/26"
        .byte   0, 0xfc, 0              # model: AT

        .section .note.GNU-stack, "", @progbits
