# The jumps into kernels.

        .text
        .code32
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

        .section .note.GNU-stack, "", @progbits
