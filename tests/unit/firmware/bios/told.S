# A Multiboot kernel that prints what it was told; told.cpp is the rest.
        .section .multiboot, "a"
        .balign 4
        .long   0x1badb002, 0x00000003, -(0x1badb002 + 0x00000003)
        .text
        .globl  start
start:
        movl    $stack_end, %esp
        pushl   %ebx
        pushl   %eax
        call    told
        .bss
        .balign 16
        .skip   4096
stack_end:
        .section .note.GNU-stack, "", @progbits
