# The option ROM's header and its two entries: initialisation (PCI Firmware Specification 3.0, 5.1) and int 10h.

        .code16
        .section .header, "ax"
        .globl  rom_start
rom_start:
        .word   0xaa55
        .byte   0                       # length in 512 bytes: tools/option-rom puts it in
        jmp     initialise              # offset 3
        .org    0x18
        .word   pci_data                # offset 18
        .word   0
        .org    0x1e
        .ascii  "IBM"                   # what programs of the EGA's days look for
        .byte   0
        .ascii  "paemu VGA BIOS"
        .byte   0

        .balign 4
pci_data:                               # PCI data structure
        .ascii  "PCIR"
        .word   0x1234, 0x1111          # the standard display of QEMU and Bochs
        .word   0
        .word   0x18                    # length
        .byte   0                       # revision
        .byte   0x00, 0x00, 0x03        # class: VGA compatible
        .globl  pci_data_length
pci_data_length:
        .word   0                       # length in 512 bytes: as above
        .word   1
        .byte   0                       # code type: PC
        .byte   0x80                    # the last image
        .word   0

        .section .text.entry, "ax"
# Both run on the caller's stack, with DS and ES on it too, so that C++ has its flat world; ROM is read through CS.
        .macro  enter function
        cld
        pushal
        pushw   %es
        pushw   %ds
        pushw   %fs
        movw    %ss, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movl    %esp, %ebx
        movzwl  %sp, %esp               # its upper half may be anything
        movl    %esp, %eax
        pushl   %ebx
        pushl   %eax
        calll   \function
        popl    %eax
        popl    %ebx
        movl    %ebx, %esp
        popw    %fs
        popw    %ds
        popw    %es
        popal
        .endm

initialise:
        enter   vga_initialise
        lret

        .globl  int10_entry
int10_entry:
        enter   vga_int10
        iret

# The window function as VBE gives it for a far call: BH, BL and DX as of AX=4f05h.
        .globl  vbe_window_entry
vbe_window_entry:
        enter   vga_vbe_window
        lret

        .section .romdata.entry, "a"
# The table that 40:A8 points to: the parameter table, and nothing that programs may replace.
        .globl  save_pointers
        .balign 4
save_pointers:
        .word   kParameters, 0xc000
        .long   0, 0, 0, 0, 0, 0

# VBE 2.0, protected-mode interface: 32-bit code that may be copied anywhere; the offsets are from its start.
        .set    DISPI_INDEX, 0x1ce
        .set    DISPI_DATA, 0x1cf
        .code32
        .globl  vbe_protected_mode, vbe_protected_mode_end
        .balign 4
vbe_protected_mode:
        .word   set_window - vbe_protected_mode
        .word   set_display_start - vbe_protected_mode
        .word   set_palette - vbe_protected_mode
        .word   ports - vbe_protected_mode

# DX: the bank.
set_window:
        pushl   %eax
        pushl   %ecx
        movl    %edx, %ecx
        movl    $5, %eax
        call    write_dispi
        popl    %ecx
        popl    %eax
        movw    $0x004f, %ax
        ret

# DX:CX: the first doubleword shown. Quotient and remainder by the length of a line are Y and X.
set_display_start:
        pushl   %ebx
        pushl   %ecx
        pushl   %edx
        pushl   %esi
        shll    $16, %edx
        movw    %cx, %dx
        leal    (,%edx,4), %esi         # bytes
        movl    $3, %eax
        call    read_dispi
        leal    7(%eax), %ebx
        shrl    $3, %ebx                # bytes of a pixel
        movl    $6, %eax
        call    read_dispi
        imull   %ebx, %eax
        movl    %eax, %ecx              # bytes of a line
        jecxz   1f
        movl    %esi, %eax
        xorl    %edx, %edx
        divl    %ecx
        pushl   %edx
        movl    %eax, %ecx
        movl    $9, %eax
        call    write_dispi
        popl    %eax
        xorl    %edx, %edx
        divl    %ebx
        movl    %eax, %ecx
        movl    $8, %eax
        call    write_dispi
1:      popl    %esi
        popl    %edx
        popl    %ecx
        popl    %ebx
        movw    $0x004f, %ax
        ret

# CX entries from DX on, from ES:EDI: blue, green, red, nothing.
set_palette:
        pushl   %ecx
        pushl   %edx
        pushl   %edi
        movzwl  %cx, %ecx
        movb    %dl, %al
        movl    $0x3c8, %edx
        outb    %al, %dx
        incl    %edx
        jecxz   2f
1:      movb    %es:2(%edi), %al
        outb    %al, %dx
        movb    %es:1(%edi), %al
        outb    %al, %dx
        movb    %es:(%edi), %al
        outb    %al, %dx
        addl    $4, %edi
        loop    1b
2:      popl    %edi
        popl    %edx
        popl    %ecx
        movw    $0x004f, %ax
        ret

# EAX: index. CX: value; or -> EAX.
write_dispi:
        pushl   %edx
        movl    $DISPI_INDEX, %edx
        outw    %ax, %dx
        incl    %edx
        movl    %ecx, %eax
        outw    %ax, %dx
        popl    %edx
        ret
read_dispi:
        pushl   %edx
        movl    $DISPI_INDEX, %edx
        outw    %ax, %dx
        incl    %edx
        xorl    %eax, %eax
        inw     %dx, %ax
        popl    %edx
        ret

ports:
        .word   DISPI_INDEX, DISPI_DATA, 0x3c8, 0x3c9, 0xffff
        .word   0xffff                  # no memory
vbe_protected_mode_end:
