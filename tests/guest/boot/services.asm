; A boot sector that calls every BIOS service and writes to COM1 what came back, a line each: "name=value". Boots from a
; hard disk of 8 MiB whose sector n ends with the word n. What the interfaces define must be the same with any firmware;
; boot_test.py knows it.
;
; It is started at 0000:7c00 with DL the drive, loads its other sectors behind itself, and ends with the machine's power
; (debug-exit port 501 where there is one).

        bits 16
        cpu 686
        org 0x7c00

%define SECTORS 12              ; of this program, the first included
%define BUFFER 0x2000           ; segment of what is read
%define COM1 0x3f8

start:  jmp 0:begin
begin:  cli
        xor ax, ax
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov sp, 0x7c00
        sti
        mov [drive], dl
        mov ax, 0x0200 + SECTORS - 1
        mov bx, 0x7e00
        mov cx, 2
        mov dh, 0
        int 0x13
        jc .stop
        cmp word [rest], 0x1234
        je rest_begin
.stop:  mov al, '!'
        mov dx, COM1
        out dx, al
        hlt
        jmp .stop

drive:  db 0
        times 510 - ($ - $$) db 0
        dw 0xaa55

rest:   dw 0x1234

; --- Output.

put:    push dx                 ; AL
        push ax
        mov dx, COM1 + 5
.wait:  in al, dx
        test al, 0x20
        jz .wait
        pop ax
        mov dx, COM1
        out dx, al
        pop dx
        ret

text:   push ax                 ; the text that DS:SI points to
.next:  lodsb
        or al, al
        jz .end
        call put
        jmp .next
.end:   pop ax
        ret

hex:    push eax                ; EAX in CL digits
        push ecx
        push ebx
        movzx ecx, cl
        mov ebx, eax
        mov ch, cl
        shl cl, 2
        neg cl
        add cl, 32
        shl ebx, cl             ; its first digit to the top
.digit: rol ebx, 4
        mov al, bl
        and al, 15
        add al, '0'
        cmp al, '9'
        jbe .put
        add al, 'a' - '0' - 10
.put:   call put
        dec ch
        jnz .digit
        pop ebx
        pop ecx
        pop eax
        ret

%macro NAME 1
        push si
        push ds
        push word 0
        pop ds
        mov si, %%name
        call text
        pop ds
        pop si
        jmp %%end
%%name: db %1, '=', 0
%%end:
%endmacro

%macro SHOW 2                   ; a register, in how many digits
        push eax
        push cx
        mov eax, %1
        mov cl, %2
        call hex
        pop cx
        pop eax
%endmacro

%macro SHOW16 1
        push eax
        push cx
        mov ax, %1
        mov cl, 4
        call hex
        pop cx
        pop eax
%endmacro

space:  push ax
        mov al, ' '
        call put
        pop ax
        ret
newline:
        push ax
        mov al, 13
        call put
        mov al, 10
        call put
        pop ax
        ret

carry:  pushf                   ; "c" or "-"
        push ax
        mov al, '-'
        jnc .put
        mov al, 'c'
.put:   call put
        pop ax
        popf
        ret

; After a call: flags' carry and AH.
%macro STATUS 1
        pushf
        push ax
        NAME %1
        pop ax
        popf
        call carry
        push ax
        SHOW16 ax
        pop ax
        call newline
%endmacro
; The same but for what AL then is.
%macro STATUS_AH 1
        pushf
        push ax
        NAME %1
        pop ax
        popf
        call carry
        push eax
        push cx
        movzx eax, ah
        mov cl, 2
        call hex
        pop cx
        pop eax
        call newline
%endmacro

rest_begin:
        mov si, hello
        call text

; --- INT 11h, 12h: equipment, memory.
        int 0x11
        and ax, 0x0002          ; a coprocessor; the rest depends on the board
        NAME "equipment"
        SHOW16 ax
        call newline
        int 0x12
        NAME "memory"
        SHOW16 ax
        call newline

; --- INT 15h.
        xor ebx, ebx
.map:   mov eax, 0xe820
        mov edx, 0x534d4150
        mov ecx, 24
        mov di, map_entry
        push ds
        pop es
        int 0x15
        jc .map_end
        NAME "e820"
        SHOW dword [map_entry + 4], 8
        SHOW dword [map_entry], 8
        call space
        SHOW dword [map_entry + 12], 8
        SHOW dword [map_entry + 8], 8
        call space
        SHOW dword [map_entry + 16], 1
        call newline
        cmp eax, 0x534d4150
        jne .map_end
        or ebx, ebx
        jnz .map
.map_end:
        mov eax, 0xe820
        mov edx, 0x534d4151     ; no "SMAP"
        mov ecx, 20
        xor ebx, ebx
        int 0x15
        STATUS_AH "e820 without its signature"
        mov ax, 0xe801
        xor cx, cx
        xor dx, dx
        int 0x15
        pushf
        NAME "e801"
        popf
        call carry
        SHOW16 ax
        call space
        SHOW16 cx
        call newline
        mov ah, 0x88
        int 0x15
        pushf
        NAME "88"
        popf
        call carry
        SHOW16 ax
        call newline
        mov ax, 0x2403
        int 0x15
        pushf
        NAME "a20 support"
        popf
        call carry
        SHOW16 bx
        call newline
        mov ax, 0x2400
        int 0x15
        STATUS_AH "a20 off"
        mov ax, 0x2402
        int 0x15
        STATUS "a20 is off"
        mov ax, 0x2401
        int 0x15
        STATUS_AH "a20 on"
        mov ax, 0x2402
        int 0x15
        STATUS "a20 is on"

        ; 87h: from here to 2 MiB, back to BUFFER.
        mov dword [block_from], rest
        mov byte [block_from + 3], 0x93
        mov dword [block_to], 0x93200000
        mov cx, 256
        mov ah, 0x87
        mov si, block_table
        int 0x15
        STATUS_AH "87 up"
        mov dword [block_from], 0x93200000
        mov dword [block_to], (BUFFER << 4) | 0x93000000
        mov cx, 256
        mov ah, 0x87
        mov si, block_table
        int 0x15
        STATUS_AH "87 down"
        mov si, rest
        mov ax, BUFFER
        mov es, ax
        xor di, di
        mov cx, 256
        repe cmpsw
        NAME "87 same"
        SHOW16 cx
        call newline

        mov ah, 0xc0
        int 0x15
        pushf
        NAME "configuration"
        popf
        call carry
        SHOW16 [es:bx + 2]
        call newline
        mov ah, 0xc1
        int 0x15
        pushf
        NAME "ebda"
        popf
        call carry
        SHOW16 es
        call newline
        mov ax, 0x5300
        xor bx, bx
        int 0x15
        STATUS_AH "apm"
        mov ah, 0xdd
        int 0x15
        STATUS_AH "unknown function"
        push ds
        pop es

        ; 86h: 137 ms are two ticks and a half, which no rounding makes less than two or more than three.
        sti
        mov ebx, [0x46c]
.tick:  hlt
        cmp ebx, [0x46c]
        je .tick
        mov ebx, [0x46c]
        mov ah, 0x86
        mov cx, 0x0002
        mov dx, 0x1728
        int 0x15
        pushf
        mov eax, [0x46c]
        sub eax, ebx
        and eax, 0xfffe         ; 2 or 3
        NAME "wait"
        popf
        call carry
        SHOW16 ax
        call newline

; --- INT 16h.
        mov ah, 0x05
        mov cx, 0x1e61
        int 0x16
        mov ah, 0x05
        mov cx, 0x48e0
        int 0x16
        NAME "key stored"
        SHOW16 ax
        call newline
        mov ah, 0x01
        int 0x16
        NAME "key seen"
        SHOW16 ax
        call newline
        mov ah, 0x00
        int 0x16
        NAME "key taken"
        SHOW16 ax
        call newline
        mov ah, 0x11
        int 0x16
        NAME "grey key seen"
        SHOW16 ax
        call newline
        mov ah, 0x00
        int 0x16
        NAME "grey key taken"
        SHOW16 ax
        call newline
        mov ah, 0x01
        int 0x16
        NAME "no key"
        mov al, '-'
        jnz .key
        mov al, 'z'
.key:   call put
        call newline
        mov ah, 0x02
        int 0x16
        and ax, 0x00ff
        NAME "shift"
        SHOW16 ax
        call newline

; --- INT 1Ah.
        mov ah, 0x02
        int 0x1a
        NAME "time"
        call carry
        SHOW16 cx
        call newline
        mov ah, 0x04
        int 0x1a
        NAME "date"
        call carry
        SHOW16 cx
        SHOW16 dx
        call newline
        mov ax, 0xb101
        xor edi, edi
        int 0x1a
        pushf
        NAME "pci"
        popf
        call carry
        SHOW edx, 8
        SHOW16 bx
        call newline
        mov ax, 0xb102
        mov cx, 0x1237
        mov dx, 0x8086
        xor si, si
        int 0x1a
        STATUS_AH "pci host bridge"
        mov ax, 0xb102
        mov cx, 0x4321
        int 0x1a
        STATUS_AH "pci nobody"
        mov ax, 0xb102
        mov dx, 0xffff
        int 0x1a
        STATUS_AH "pci bad vendor"
        mov ax, 0xb103
        mov ecx, 0x060000
        xor si, si
        int 0x1a
        pushf
        NAME "pci class"
        popf
        call carry
        SHOW16 bx
        call newline
        mov ax, 0xb10a
        xor bx, bx
        xor di, di
        int 0x1a
        NAME "pci dword"
        SHOW ecx, 8
        call newline
        mov ax, 0xb109
        mov di, 1
        int 0x1a
        STATUS_AH "pci odd word"
        mov ah, 0x77
        int 0x1a
        NAME "1a unknown"
        call carry
        call newline

%include "disk.inc"
%include "rest.inc"

hello:  db 13, 10, "services=begin", 13, 10, 0
bye:    db "services=end", 13, 10, 0

        align 4
map_entry: times 24 db 0
block_table:
        times 16 db 0
        dw 0xffff
block_from: dd 0
        dw 0
        dw 0xffff
block_to: dd 0
        dw 0
        times 16 db 0

        times SECTORS * 512 - ($ - $$) db 0
