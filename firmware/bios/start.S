# Where POST begins, its way to real mode and back, and the jump into a kernel: all that C++ can't say.

# The reset vector (services/fixed.S) comes here in 32-bit flat protected mode. The image below 4 GiB is the only one that
# stays while RAM takes the place of its shadow, so the copying is done from there (i440FX data sheet, 3.2.17).
        .section .entry, "ax"
        .code32
        .globl  begin
begin:  movw    $0x18, %ax              # linked at E0000
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %gs
        movw    %ax, %ss
        movl    $STACK_TOP, %esp
        movl    $shadow - 0xe0000 + 0xfffe0000, %eax
        jmp     *%eax

shadow: movl    $0x80000058, %ebx       # PAM0 to PAM6 of the host bridge, 59 to 5f: all to RAM
        call    open_four
        movl    $0x8000005c, %ebx
        call    open_four
        cld
        movl    $0xfffe0000, %esi
        movl    $0xe0000, %edi
        movl    $0x20000 / 4, %ecx
        rep movsl
        movl    $in_shadow, %eax
        jmp     *%eax

# Reads and writes of the segments go to RAM; what else is in the dword at EBX of configuration space stays.
open_four:
        movl    $0xcf8, %edx
        movl    %ebx, %eax
        outl    %eax, %dx
        movl    $0xcfc, %edx
        inl     %dx, %eax
        movl    $0x33333300, %ecx       # 59 to 5b; the low half of PAM0 is reserved
        movl    $0x000000ff, %esi
        cmpb    $0x5c, %bl
        jne     1f
        movl    $0x33333333, %ecx
        xorl    %esi, %esi
1:      andl    %esi, %eax
        orl     %ecx, %eax
        outl    %eax, %dx
        ret

in_shadow:
        lgdtl   gdt_register            # with the selectors of call_real
        xorl    %eax, %eax
        movl    $bss_begin, %edi
        movl    $bss_end, %ecx
        subl    %edi, %ecx
        rep stosb
        movl    $SERVICES_DATA, %edi
        movl    $0x4000 / 4, %ecx
        rep stosl
        call    firmware_main
1:      cli
        hlt
        jmp     1b

# void call_real(u32 target, RealCall*): calls segment:offset in real mode, as an interrupt does; a far return is as good.
# The stack is below 64 KiB, and so is *RealCall.
        .globl  call_real
call_real:
        pushal
        movl    36(%esp), %eax
        movl    40(%esp), %ebx
        movl    %eax, real_target
        movl    %ebx, real_registers
        movl    %esp, real_esp
        ljmpl   $0x20, $1f - begin
        .code16
1:      movw    $0x28, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %gs
        movw    %ax, %ss
        movl    %cr0, %eax
        andb    $0xfe, %al
        movl    %eax, %cr0
        ljmpw   $0xe000, $2f - begin
2:      xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %gs
        movw    %ax, %ss
        lidtl   %cs:real_idt - begin
        movl    real_registers, %esp
        popal
        popw    %es
        popw    %ds
        movl    %ss:real_esp, %esp
        pushfw
        lcallw  *%ss:real_target
        cli
        cld
        pushfw
        popw    %ss:real_flags
        movl    %ss:real_registers, %esp
        addw    $36, %sp
        pushw   %ds
        pushw   %es
        pushal
        lgdtl   %cs:gdt_register - begin
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $0x10, $3f
        .code32
3:      movw    $0x18, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %gs
        movw    %ax, %ss
        movl    real_esp, %esp
        popal
        ret

# Another processor comes here in real mode, see processors.cpp. They wait for one another, as they have one stack; each is
# parked with interrupts off. An NMI finds a gate to the same place, and as no IRET follows, there is none after it.
        .globl  other_processor
other_processor:
        .code16
        cli
        cld
        lidtl   %cs:parked_idt_register - begin
        lgdtl   %cs:gdt_register - begin
        movl    %cr0, %eax
        andl    $0x9fffffff, %eax       # caches on
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $0x10, $1f
        .code32
1:      movw    $0x18, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %gs
        movw    %ax, %ss
2:      pause
        lock btsl $0, others_stack_taken
        jc      2b
        movl    $others_stack_top, %esp
        call    other_processor_main
        movl    $0xfffff000, %esp       # ROM: what an NMI pushes is lost
        movl    $0, others_stack_taken
        lock incl other_processors_parked
parked: cli
        hlt
        jmp     parked

# BIOS32 Service Directory (Standard BIOS 32-bit Service Directory Proposal 0.4): EAX says which service. Far call; runs
# wherever the system has mapped it.
        .globl  bios32_directory
bios32_directory:
        cmpb    $0, %bl
        jne     1f
        cmpl    $0x49435024, %eax       # "$PCI"
        movb    $0x80, %al              # no such service
        jne     2f
        movl    $0xe0000, %ebx
        movl    $0xc000, %ecx
        movl    $pci_bios_entry - 0xe0000, %edx
        movb    $0, %al
        lret
1:      movb    $0x81, %al              # no such function
2:      lret

# The PCI BIOS by a far call (PCI BIOS Specification 2.1, 3.4). On the stack a PciCall is made.
pci_bios_entry:
        pushfl
        pushl   $0
        pushl   %edi
        pushl   %esi
        pushl   %edx
        pushl   %ecx
        pushl   %ebx
        pushl   %eax
        movl    %esp, %eax
        pushl   %ebp
        pushl   %eax
        cld
        call    pci_bios_32
        addl    $4, %esp
        popl    %ebp
        popl    %eax
        popl    %ebx
        popl    %ecx
        popl    %edx
        popl    %esi
        popl    %edi
        btrl    $0, 4(%esp)             # carry of the caller's flags
        testb   $1, (%esp)
        jz      1f
        btsl    $0, 4(%esp)
1:      leal    4(%esp), %esp
        popfl
        lret

        .balign 8
gdt:    .quad   0, 0
        .quad   0x00cf9b000000ffff      # 10: code, flat, 32-bit
        .quad   0x00cf93000000ffff      # 18: data, flat
        .quad   0x00009b0e0000ffff      # 20: code, 16-bit, at E0000
        .quad   0x000093000000ffff      # 28: data, 16-bit, at 0
gdt_end:
gdt_register:
        .word   gdt_end - gdt - 1
        .long   gdt
real_idt:
        .word   0x3ff
        .long   0

parked_idt:
        .quad   0, 0
        .word   parked - begin, 0x10, 0x8e00, 0x000e    # vector 2: interrupt gate to parked, E0000 up
parked_idt_end:
parked_idt_register:
        .word   parked_idt_end - parked_idt - 1
        .long   parked_idt

        .bss
        .globl  other_processors_parked
other_processors_parked:
                .long 0
others_stack_taken:
                .long 0
others_stack:   .skip 1024
others_stack_top:
real_target:    .long 0
real_registers: .long 0
real_esp:       .long 0
        .globl  real_flags
real_flags:     .word 0

        .section .note.GNU-stack, "", @progbits
