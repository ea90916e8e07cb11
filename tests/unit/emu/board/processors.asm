; Three processors in real mode that get in each other's way: the last 64 KiB of a firmware image.
;
; The first starts the others and then sends them interrupts; all take a lock by PAUSE, mix the time-stamp counter and
; their number into the same word, store strings, and now and then the others halt until they are interrupted. If the byte
; at f000:ffe0 is not 0, the others only wait by PAUSE.
bits 16
cpu 686
org 0

rounds equ 0x500         ; of all
mix equ 0x504
lock_word equ 0x508
started equ 0x50c
vector equ 0x40
other_page equ 0x8000
apic equ 0xfee00000

start:
    cli
    xor ax, ax
    mov ds, ax
    mov ss, ax
    mov sp, 0x7000
    call flat_ds
    mov word [vector * 4], interrupt
    mov word [vector * 4 + 2], 0xf000
    mov byte [other_page], 0xea        ; jmp f000:other
    mov word [other_page + 1], other
    mov word [other_page + 3], 0xf000
    mov dword [dword apic + 0xf0], 0x1ff
    mov dword [dword apic + 0x300], 0xc4500
    mov cx, 50
.wait:
    pause
    loop .wait
    mov dword [dword apic + 0x300], 0xc4600 | other_page >> 12
first:
    call work
    test eax, 0x30000
    jnz first
    mov dword [dword apic + 0x300], 0xc4000 | vector
    jmp first

other:
    xor ax, ax
    mov ds, ax
    mov ss, ax
    call flat_ds
    mov ebx, [dword apic + 0x20]
    shr ebx, 24
    imul sp, bx, 0x400
    add sp, 0x6000
    mov dword [dword apic + 0xf0], 0x1ff
    lock inc dword [started]
    sti
    cmp byte [cs:waiting], 0
    je .again
.wait:
    pause
    jmp .wait
.again:
    call work
    test eax, 0x700000
    jnz .again
    hlt
    jmp .again

; -> EAX: the mixed number.
work:
.take:
    pause
    lock bts dword [lock_word], 0
    jc .take
    inc dword [rounds]
    rdtsc
    add eax, [dword apic + 0x20]
    add eax, [mix]
    imul eax, eax, 1664525
    add eax, 1013904223
    mov [mix], eax
    mov dword [lock_word], 0
    movzx ebx, ax
    shr bx, 2
    add bx, 0x1000
    mov es, bx
    xor di, di
    mov cx, 300
    cld
    rep stosw
    ret

interrupt:
    push eax
    rdtsc
    xor [mix], eax
    pop eax
    mov dword [dword apic + 0xb0], 0
    iret

; DS with base 0 and a limit of 4 GiB, kept in real mode.
flat_ds:
    o32 lgdt [cs:gdt_register]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    mov bx, 8
    mov ds, bx
    and al, 0xfe
    mov cr0, eax
    ret

    align 8
gdt:
    dq 0, 0x00cf93000000ffff
gdt_register:
    dw 15
    dd 0xffff0000 + gdt

    times 0xffe0 - ($ - $$) db 0xff
waiting:
    db 0
    times 0xfff0 - ($ - $$) db 0xff
reset_vector:
    jmp 0xf000:start
    times 0x10000 - ($ - $$) db 0xff
