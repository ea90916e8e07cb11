# How callers come to the services: an entry a vector, and what all of them do before and after the C++ function.
#
# The services run on stacks of their own, since callers may have a hundred bytes left. There are four: an interrupt that
# comes during a service, whose handler changes stacks and calls another, still finds one. Whoever is on a stack of ours
# already stays there.

#include "services/entry_constants.h"

        .code16
        .macro  ENTRY name, function
        .text
        .globl  \name
\name:  pushl   $\function
        jmp     enter
        .endm

        .section .post_entry, "ax"
        pushl   $post_call              # kPostEntry
        jmp     enter

        ENTRY   entry_02, int02
        ENTRY   entry_05, int05
        ENTRY   entry_08, int08
        ENTRY   entry_09, int09
        ENTRY   entry_0e, int0e
        ENTRY   entry_10, int10
        ENTRY   entry_11, int11
        ENTRY   entry_12, int12
        ENTRY   entry_13, int13
        ENTRY   entry_14, int14
        ENTRY   entry_15, int15
        ENTRY   entry_16, int16
        ENTRY   entry_17, int17
        ENTRY   entry_18, int18
        ENTRY   entry_19, int19
        ENTRY   entry_1a, int1a
        ENTRY   entry_40, int40
        ENTRY   entry_70, int70
        ENTRY   entry_74, int74
        ENTRY   entry_76, int76
        ENTRY   entry_irq, unexpected_irq

# Here the caller's stack has the function, IP, CS and flags. See Frame in frame.hpp for what is laid below them.
enter:  cli
        cld
        pushal
        pushw   %ds
        pushw   %es
        pushw   %fs
        pushw   %gs
        movw    %ss, %dx
        movl    %esp, %ecx
        movzwl  %sp, %esi
        movl    $SEGMENT, %eax
        movw    %ax, %es
        cmpw    %ax, %dx
        je      on_our_stack
        movl    %es:stacks_used, %ebx
        cmpl    $STACKS - 1, %ebx       # all in use: the last one's owner never returned
        jbe     1f
        movl    $STACKS - 1, %ebx
1:      leal    1(%ebx), %edi
        movl    %edi, %es:stacks_used
        imull   $-STACK_SIZE, %ebx, %edi
        addl    $STACKS_TOP, %edi
        jmp     have_stack
on_our_stack:
        movl    %esi, %edi
        movl    $-1, %ebx
have_stack:
        subl    $FRAME_SIZE + 6, %edi   # below what is pushed in a moment, should that be on this very stack
        movl    %edi, %ebp
        movw    %dx, %ds
        pushl   %ecx
        movw    $FRAME_SIZE / 2, %cx
        rep movsw
        popl    %ecx
        movw    %ax, %ss
        movl    %ebp, %esp
        movw    %ax, %ds
        pushl   %ebx                    # how many stacks were in use, or -1
        pushl   %edx
        pushl   %ecx
        movl    %ebp, %eax
        calll   *FRAME_HANDLER(%ebp)

        cli
        cld
        popl    %ecx
        popl    %edx
        popl    %ebx
        movzwl  %sp, %esi
        movzwl  %cx, %edi
        movw    %dx, %es
        pushl   %ecx
        movw    $FRAME_SIZE / 2, %cx
        rep movsw
        popl    %ecx
        testl   %ebx, %ebx
        js      1f
        movl    %ebx, stacks_used
1:      movw    %dx, %ss
        movl    %ecx, %esp
        popw    %gs
        popw    %fs
        popw    %es
        popw    %ds
        popal
        addw    $4, %sp
        iretw

# void call_interrupt(u32 vector, CallRegisters*), regparm: issues any interrupt from within a service. Foreign code runs
# on our stack, so we stay where we are when it calls us again.
        .globl  call_interrupt
call_interrupt:
        pushl   %ebx
        pushl   %esi
        pushl   %edi
        pushl   %ebp
        pushw   %fs
        pushw   %gs
        pushl   %edx
        pushl   %eax
        movl    %edx, %ebp
        xorl    %ebx, %ebx
        movw    %bx, %fs
        movl    %fs:(,%eax,4), %eax
        movl    %eax, call_target
        movw    CALL_ES(%ebp), %es
        movl    CALL_AX(%ebp), %eax
        movl    CALL_BX(%ebp), %ebx
        movl    CALL_CX(%ebp), %ecx
        movl    CALL_DX(%ebp), %edx
        movl    CALL_SI(%ebp), %esi
        movl    CALL_DI(%ebp), %edi
        stc                             # what INT 15h, AH=4Fh starts from; others do not care
        pushfw
        cli
        lcallw  *call_target
        movw    %ss, %bp                # foreign code may have changed any segment, and the stack pointer's upper half
        movw    %bp, %ds
        movzwl  %sp, %esp
        movl    4(%esp), %ebp
        movl    %eax, CALL_AX(%ebp)
        movl    %ebx, CALL_BX(%ebp)
        movl    %ecx, CALL_CX(%ebp)
        movl    %edx, CALL_DX(%ebp)
        pushfw
        popw    CALL_FLAGS(%ebp)
        movw    %ss, %bp
        movw    %bp, %es
        cld
        addw    $8, %sp
        popw    %gs
        popw    %fs
        popl    %ebp
        popl    %edi
        popl    %esi
        popl    %ebx
        retl

# void call_mouse_handler(u32 status, u32 x, u32 y, Far handler), regparm: PS/2 BIOS, INT 15h, AH=C2h: four words on the
# stack, a far call, and the caller removes them.
        .globl  call_mouse_handler
call_mouse_handler:
        pushl   %ebx
        pushl   %esi
        pushl   %edi
        pushl   %ebp
        movl    20(%esp), %ebx
        movl    %ebx, call_target
        pushw   %ax
        pushw   %dx
        pushw   %cx
        pushw   $0
        lcallw  *call_target
        movw    %ss, %ax
        movw    %ax, %ds
        movw    %ax, %es
        cld
        movzwl  %sp, %esp
        addl    $8, %esp
        popl    %ebp
        popl    %edi
        popl    %esi
        popl    %ebx
        retl

# [[noreturn]] void start_boot_sector(u32 segment and offset, u32 drive), regparm: with the stack below 0x7c00 and all of
# ours free.
        .globl  start_boot_sector
start_boot_sector:
        cli
        movl    $0, stacks_used
        xorl    %ebx, %ebx
        movw    %bx, %ss
        movl    $0x7c00, %esp
        pushl   $0xf000f908             # whoever returns has nothing to boot: INT 18h, see fixed.S
        pushl   %eax
        movl    $0xaa55, %eax           # what some boot sectors look for
        xorl    %ecx, %ecx
        xorl    %esi, %esi
        xorl    %edi, %edi
        xorl    %ebp, %ebp
        movw    %bx, %ds
        movw    %bx, %es
        movw    %bx, %fs
        movw    %bx, %gs
        sti
        lretw

# [[noreturn]] void idle(): nothing more to do, but keys (Ctrl-Alt-Del) still work.
        .globl  idle
idle:   sti
        hlt
        jmp     idle

# u32 run_flat_copy(u32 to, u32 from, u32 words), regparm: copies between any addresses below 4 GiB. Returns 1 when the
# processor is in protected mode already (virtual-8086 mode). Interrupts are off meanwhile.
        .globl  run_flat_copy
run_flat_copy:
        pushl   %esi
        pushl   %edi
        pushfw
        cli
        movl    %eax, %edi
        movl    %edx, %esi
        movl    %cr0, %eax
        testb   $1, %al
        jnz     3f
        pushw   %ds
        pushw   %es
        lgdtl   %cs:flat_gdt_register
        orb     $1, %al
        movl    %eax, %cr0
        jmp     1f
1:      movw    $0x08, %dx
        movw    %dx, %ds
        movw    %dx, %es
        movl    %ecx, %edx
        shrl    $1, %ecx
        addr32 rep movsl
        movl    %edx, %ecx
        andl    $1, %ecx
        addr32 rep movsw
        movw    $0x10, %dx              # limits of real mode again
        movw    %dx, %ds
        movw    %dx, %es
        andb    $0xfe, %al
        movl    %eax, %cr0
        jmp     2f
2:      popw    %es
        popw    %ds
        xorl    %eax, %eax
        jmp     4f
3:      movl    $1, %eax
4:      popfw
        popl    %edi
        popl    %esi
        retl

# Vectors that only return.
        .globl  entry_return
entry_return:
        iretw

        .section .rodata
        .balign 8
flat_gdt:
        .quad   0
        .quad   0x008f93000000ffff      # 08: data, 4 GiB
        .quad   0x000093000000ffff      # 10: data, 64 KiB
flat_gdt_register:
        .word   . - flat_gdt - 1
        .long   flat_gdt + (SEGMENT << 4)

        .bss
        .globl  stacks_used
stacks_used:    .long 0
call_target:    .long 0

        .section .note.GNU-stack, "", @progbits
