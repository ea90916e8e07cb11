# The reset vector, the way to 32-bit flat protected mode, and the jump into a kernel: all that C++ can't say.

        .set    ENTRY_OFFSET, 0xf000    # of .entry in segment F000, see link.ld

# At reset CS is F000 with base FFFF0000 and IP is FFF0 (SDM 3A, 9.1.4). A near jump stays in the image below 4 GiB.
        .section .reset, "ax"
        .code16
        .globl  reset_vector
reset_vector:
        jmp     enter_protected_mode
        .byte   0, 0
        .ascii  "22/11/26"              # the date field of PC firmware, at F000:FFF5

        .section .entry, "ax"
enter_protected_mode:
        cli
        cld
        inb     $0x92, %al              # A20 on, without the fast reset of bit 0
        orb     $0x02, %al
        andb    $0xfe, %al
        outb    %al, $0x92
        lgdtl   %cs:gdt_register - enter_protected_mode + ENTRY_OFFSET
        movl    %cr0, %eax
        orl     $1, %eax
        movl    %eax, %cr0
        ljmpl   $0x10, $flat            # into the shadow at 0xf0000, where the image is linked

        .code32
flat:
        movw    $0x18, %ax
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
        call    firmware_main
1:      cli
        hlt
        jmp     1b

# void enter_linux(u32 entry, u32 boot_params): boot.rst, "32-bit Boot Protocol". CS is 10 and the data segments 18, flat.
        .globl  enter_linux
enter_linux:
        movl    4(%esp), %ecx
        movl    8(%esp), %esi
        xorl    %ebx, %ebx
        xorl    %edi, %edi
        xorl    %ebp, %ebp
        jmp     *%ecx

# void enter_multiboot(u32 entry, u32 information): Multiboot 1, 3.2 Machine state.
        .globl  enter_multiboot
enter_multiboot:
        movl    4(%esp), %ecx
        movl    8(%esp), %ebx
        movl    $0x2badb002, %eax
        xorl    %edx, %edx
        xorl    %esi, %esi
        xorl    %edi, %edi
        xorl    %ebp, %ebp
        jmp     *%ecx

# Where every real-mode interrupt vector points for now.
        .globl  real_mode_return
real_mode_return:
        iret

        .balign 8
gdt:    .quad   0, 0
        .quad   0x00cf9b000000ffff      # 10: code, flat, 32-bit
        .quad   0x00cf93000000ffff      # 18: data, flat
gdt_end:
gdt_register:
        .word   gdt_end - gdt - 1
        .long   gdt

        .section .note.GNU-stack, "", @progbits
