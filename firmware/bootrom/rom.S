# The option ROM by which firmware that is not ours boots what -kernel gave: a bootstrap entry vector (BIOS Boot
# Specification 1.01, 3.3; Plug and Play BIOS Specification 1.0A, 3.2), 16-bit code wherever the firmware puts it. It asks
# for the memory map, copies the loader (loader.ld) below 640 KiB and enters it in flat protected mode.

#include "bootrom/places.h"

        .code16
        .section .text, "ax"
rom:    .byte   0x55, 0xaa
        .byte   0                       # blocks of 512 bytes, filled in by tools/option-rom
        jmp     initialise
        .org    0x18
        .word   0                       # no PCI data structure: it belongs to no card
        .word   expansion

        .balign 16
expansion:                              # 3.2, "Expansion header"
        .ascii  "$PnP"
        .byte   1                       # revision
        .byte   2                       # length in paragraphs
        .word   0                       # no other
        .byte   0
        .byte   0                       # checksum, filled in by tools/option-rom
        .long   0                       # device identifier
        .word   0                       # manufacturer
        .word   product
        .byte   0, 0, 0                 # device type
        .byte   0x14                    # an initial program load device, which may be shadowed
        .word   0, 0                    # boot connection, disconnect
        .word   boot                    # bootstrap entry
        .word   0, 0
product:
        .asciz  "paemu -kernel"

# On initialisation (far call): a bootstrap device is attached.
initialise:
        movw    $0x20, %ax
        lretw

# The bootstrap entry (far call); nothing is given back.
boot:
        cli
        cld
        xorw    %ax, %ax
        movw    %ax, %ss
        movl    $STACK_TOP, %esp
        movw    %ax, %es

# The memory map (ACPI 6.x, 15.1): its entries from E820_ENTRIES, how many at E820_COUNT.
        movl    $0, %es:E820_COUNT
        xorl    %ebx, %ebx
        movw    $E820_ENTRIES, %di
1:      movl    $0xe820, %eax
        movl    $20, %ecx
        movl    $0x534d4150, %edx
        sti
        int     $0x15
        cli
        jc      2f
        cmpl    $0x534d4150, %eax
        jne     2f
        xorw    %ax, %ax
        movw    %ax, %es
        incl    %es:E820_COUNT
        addw    $20, %di
        cmpw    $E820_END - 20, %di
        ja      2f
        testl   %ebx, %ebx
        jnz     1b

# A20 on, without the fast reset of bit 0.
2:      inb     $0x92, %al
        orb     $0x02, %al
        andb    $0xfe, %al
        outb    %al, $0x92

        movw    %cs, %ax
        movw    %ax, %ds
        movw    $LOADER >> 4, %ax
        movw    %ax, %es
        movw    $loader, %si
        xorw    %di, %di
        movw    $loader_end - loader, %cx
        rep movsb

        movw    %ax, %ds
        lgdtl   %ds:LOADER_GDT_REGISTER
        movl    %cr0, %eax
        orl     $1, %eax
        movl    %eax, %cr0
        ljmpl   $0x10, $LOADER

        .balign 16
loader: .incbin "loader.bin"
loader_end:

        .section .note.GNU-stack, "", @progbits
