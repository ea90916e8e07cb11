; A boot disk that writes each key's character to the screen and to COM1, and to COM1 each packet of the mouse: its
; buttons as a digit, and the way it went: l, r, u, d, or 0 for none. The cursor does not blink, so that the picture
; stands still.
        bits    16
        org     0x7c00
start:  cli
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, 0x7c00
        sti
        mov     ah, 0x01                ; no cursor
        mov     cx, 0x2000
        int     0x10
        mov     ax, 0xc205              ; PS/2 BIOS interface: packets of three bytes, to `packet`
        mov     bh, 3
        int     0x15
        jc      keys
        mov     ax, 0xc207
        mov     bx, packet
        int     0x15
        mov     ax, 0xc200
        mov     bh, 1
        int     0x15
keys:   mov     al, '>'
.show:  call    send
        mov     ah, 0x0e
        mov     bx, 0x0007
        int     0x10
        xor     ah, ah
        int     0x16
        jmp     .show

; From the BIOS by a far call: status, X, Y and 0 are words on the stack.
packet: push    bp
        mov     bp, sp
        pusha
        push    cs
        pop     ds
        mov     cx, [bp+12]             ; status: buttons in bits 0 to 2, signs in 4 and 5
        mov     al, cl
        and     al, 7
        add     al, '0'
        call    send
        mov     al, '0'
        cmp     byte [bp+10], 0
        je      .y
        mov     al, 'r'
        test    cl, 0x10
        jz      .y
        mov     al, 'l'
.y:     call    send
        mov     al, '0'
        cmp     byte [bp+8], 0
        je      .done
        mov     al, 'u'
        test    cl, 0x20
        jz      .done
        mov     al, 'd'
.done:  call    send
        popa
        pop     bp
        retf

send:   push    dx
        mov     dx, 0x3f8
        out     dx, al
        pop     dx
        ret
        times   510-($-$$) db 0
        dw      0xaa55
