; The guest of the Machine's tests: the last 64 KiB of a firmware image, in real mode at f000:0000.
;
; It does what makes determinism hard: a periodic timer interrupt and a serial interrupt come in the middle of string
; instructions and arithmetic, both handlers mix the time-stamp counter and the timer's count into memory, and now and
; then it halts. Serial input: 'q' ends by the debug-exit port, 'r' resets by port 0x92, 't' shuts down by a triple
; fault, 'd' halts with interrupts off, 'p' powers off by ACPI S5, 'h' (and anything else) goes on.
bits 16
cpu 686
org 0

pic1 equ 0x20
pic2 equ 0xa0
pit equ 0x40
com1 equ 0x3f8
debug_exit equ 0x501
pm_base equ 0x600

; In segment 0:
ticks equ 0x500          ; timer interrupts
mix equ 0x504            ; of all that was seen
command equ 0x508        ; the last serial byte, 0: none

start:
    cli
    xor ax, ax
    mov ds, ax
    mov ss, ax
    mov sp, 0x7000
    inc dword [0x510]    ; starts, which outlive a reset
    mov dword [ticks], 0
    mov byte [command], 0
    mov word [8 * 4], timer
    mov word [8 * 4 + 2], 0xf000
    mov word [12 * 4], serial
    mov word [12 * 4 + 2], 0xf000

    ; 8259A: ICW1-ICW4, vectors 8 and 70h, then only IRQ 0 and IRQ 4.
    mov al, 0x11
    out pic1, al
    out pic2, al
    mov al, 0x08
    out pic1 + 1, al
    mov al, 0x70
    out pic2 + 1, al
    mov al, 0x04
    out pic1 + 1, al
    mov al, 0x02
    out pic2 + 1, al
    mov al, 0x01
    out pic1 + 1, al
    out pic2 + 1, al
    mov al, 0xee
    out pic1 + 1, al
    mov al, 0xff
    out pic2 + 1, al

    ; 8254 channel 0, mode 2, about 11.9 kHz.
    mov al, 0x34
    out pit + 3, al
    mov al, 100
    out pit, al
    xor al, al
    out pit, al

    ; 16550: OUT2 connects the interrupt; interrupt on received data.
    mov dx, com1 + 4
    mov al, 0x0b
    out dx, al
    mov dx, com1 + 1
    mov al, 0x01
    out dx, al
    sti

main:
    mov eax, [mix]
    imul eax, eax, 1664525
    add eax, 1013904223
    mov [mix], eax
    ; A string store somewhere in [64 KiB, 576 KiB), with interrupts in its middle.
    mov ebx, eax
    shr ebx, 16
    and bx, 0x7fff
    add bx, 0x1000
    mov es, bx
    xor di, di
    mov cx, 700
    rep stosw
    cmp byte [command], 0
    jne obey
    test eax, 0x70000
    jnz main
    hlt
    jmp main

obey:
    xor al, al
    xchg al, [command]
    mov dx, com1          ; echo
    out dx, al
    movzx eax, al
    add [mix], eax
    cmp al, 'q'
    je quit
    cmp al, 'r'
    je restart
    cmp al, 't'
    je triple_fault
    cmp al, 'd'
    je dead
    cmp al, 'p'
    je power_off
    jmp main

quit:
    mov dx, debug_exit
    mov al, 21
    out dx, al
    jmp main
restart:
    in al, 0x92
    and al, 0xfe
    out 0x92, al
    or al, 1
    out 0x92, al
    jmp main
triple_fault:
    lidt [cs:no_idt]
    int3
dead:
    cli
    hlt
    jmp dead
power_off:
    mov eax, 0x80000b40   ; PMBA of the PIIX4, as firmware sets it
    mov dx, 0xcf8
    out dx, eax
    mov eax, pm_base | 1
    mov dx, 0xcfc
    out dx, eax
    mov eax, 0x80000b80   ; PMREGMISC: the PM block is on
    mov dx, 0xcf8
    out dx, eax
    mov al, 1
    mov dx, 0xcfc
    out dx, al
    mov dx, pm_base + 4   ; PM1 control: SLP_EN, type S5
    mov ax, 1 << 13
    out dx, ax
    jmp main

timer:
    push eax
    push edx
    inc dword [cs:0]      ; ROM: must change nothing
    push ds
    xor ax, ax
    mov ds, ax
    inc dword [ticks]
    rdtsc
    add [mix], eax
    mov al, 0             ; latch channel 0
    out pit + 3, al
    in al, pit
    mov ah, al
    in al, pit
    add [mix], ax
    mov al, 0x20
    out pic1, al
    pop ds
    pop edx
    pop eax
    iret

serial:
    push eax
    push edx
    push ds
    xor ax, ax
    mov ds, ax
    mov dx, com1
    in al, dx
    mov [command], al
    rdtsc
    xor [mix], eax
    mov al, 0x20
    out pic1, al
    pop ds
    pop edx
    pop eax
    iret

no_idt:
    dw 0
    dd 0

    times 0xfff0 - ($ - $$) db 0xff
reset_vector:
    jmp 0xf000:start
    times 0x10000 - ($ - $$) db 0xff
