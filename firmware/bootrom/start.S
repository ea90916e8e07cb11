# The loader's first bytes, where rom.S enters it in protected mode, and the jumps into kernels.

#include "bootrom/places.h"

        .section .entry, "ax"
        .code32
        jmp     flat
        .org    LOADER_GDT_REGISTER
        .word   gdt_end - gdt - 1
        .long   gdt

        .balign 8
gdt:    .quad   0, 0
        .quad   0x00cf9b000000ffff      # 10: code, flat, 32-bit
        .quad   0x00cf93000000ffff      # 18: data, flat
gdt_end:

flat:   movw    $0x18, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %gs
        movw    %ax, %ss
        movl    $STACK_TOP, %esp
        xorl    %eax, %eax
        movl    $bss_begin, %edi
        movl    $bss_end, %ecx
        subl    %edi, %ecx
        rep stosb
        call    boot_rom_main
1:      cli
        hlt
        jmp     1b

        .section .note.GNU-stack, "", @progbits
