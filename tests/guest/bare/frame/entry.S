# From reset to flat protected mode, the stubs of all 256 vectors, and the way into a state of a test's choice.
# The layout of what the stubs push is Frame in frame.hpp.

        .set    ROM, 0xf0000            # the image's alias below 1 MiB
        .set    RAM, 0x10000            # where it is linked
        .set    STACK_TOP, 0x90000
        .set    CODE, 0x08
        .set    DATA, 0x10

        .section .reset, "ax"
        .code16
        .globl  reset_vector
reset_vector:
        ljmp    $0xf000, $0            # start is the first byte of the image

        .section .start, "ax"
start:  cli
        cld
        movb    $2, %al                 # port 0x92, bit 1: A20 on
        outb    %al, $0x92
        lgdtl   %cs:rom_gdt_register - start
        movl    %cr0, %eax
        andl    $0x9fffffff, %eax       # CD and NW off
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $CODE, $ROM + flat - start

        .code32
flat:   movw    $DATA, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $STACK_TOP, %esp
        movl    $ROM, %esi
        movl    $RAM, %edi
        movl    $0x10000 / 4, %ecx
        rep movsl
        movl    $bss_begin, %edi
        movl    $bss_end, %ecx
        subl    %edi, %ecx
        shrl    $2, %ecx
        xorl    %eax, %eax
        rep stosl
        movl    $run_guest, %eax
        call    *%eax
1:      cli
        hlt
        jmp     1b

        .balign 8
rom_gdt:
        .quad   0, 0x00cf9b000000ffff, 0x00cf93000000ffff
rom_gdt_register:
        .word   23
        .long   ROM + rom_gdt - start

        .text
# void enter_image(const u32* image, u32 stack_selector, u32* caller_stack): leaves the caller's stack pointer in
# *caller_stack, loads SS and all that stands in the image, and comes back by leave_to_caller.
        .globl  enter_image
enter_image:
        movl    4(%esp), %eax
        movl    8(%esp), %ecx
        movl    12(%esp), %edx
        pushl   %ebp
        pushl   %ebx
        pushl   %esi
        pushl   %edi
        movl    %esp, (%edx)
        movl    %ecx, %ss
        movl    %eax, %esp
        popl    %gs
        popl    %fs
        popl    %es
        popl    %ds
        popal
        iretl

# void leave_to_caller(u32 caller_stack): returns from the enter_image that left it.
        .globl  leave_to_caller
leave_to_caller:
        movl    4(%esp), %esp
        popl    %edi
        popl    %esi
        popl    %ebx
        popl    %ebp
        ret

# How a function called by prepare_call made ends.
        .globl  call_done
call_done:
        int     $0x30

# Each stub is 16 bytes long, so that a table is not needed.
        .balign 16
        .globl  trap_stubs
trap_stubs:
        .set    vector, 0
        .rept   256
        .balign 16
        .if     vector != 8 && vector != 17 && (vector < 10 || vector > 14)
        pushl   $0
        .endif
        pushl   $vector
        jmp     trap_common
        .set    vector, vector + 1
        .endr

trap_common:
        pushal
        pushl   %ds
        pushl   %es
        pushl   %fs
        pushl   %gs
        movl    $DATA, %eax
        movl    %eax, %ds
        movl    %eax, %es
        cld
        movl    %cr2, %eax
        pushl   %eax
        pushl   %esp
        call    take_trap               # returns to go on where the trap came from
        addl    $8, %esp
        popl    %gs
        popl    %fs
        popl    %es
        popl    %ds
        popal
        addl    $8, %esp
        iretl

        .section .note.GNU-stack, "", @progbits
