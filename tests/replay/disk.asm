; A boot disk whose guest depends on what the disk holds: it writes to COM1 the first bytes of sectors 1 to 3, overwrites
; sector 2 with 'W' and shows its first byte again, then ends the run through the debug-exit port with status 43.
        bits    16
        org     0x7c00
start:  cli
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, 0x7c00
        sti
        mov     si, 1
.next:  mov     ah, 0x42
        call    transfer
        inc     si
        cmp     si, 4
        jb      .next
        mov     si, 2
        mov     di, buffer
        mov     cx, 512
        mov     al, 'W'
        rep     stosb
        mov     ah, 0x43
        call    transfer
        mov     ah, 0x42
        call    transfer
        mov     al, 21
        mov     dx, 0x501
        out     dx, al
        hlt

; Sector SI by AH=42h or 43h of int 13h, and the first byte of the buffer to COM1; '!' after an error.
transfer:
        mov     [packet.sector], si
        push    si
        mov     si, packet
        mov     al, 0
        mov     dl, 0x80
        int     0x13
        pop     si
        mov     al, '!'
        jc      .show
        mov     al, [buffer]
.show:  mov     dx, 0x3f8
        out     dx, al
        ret

packet: dw      16, 1, buffer, 0
.sector:
        dq      0
        times   510-($-$$) db 0
        dw      0xaa55
buffer  equ     0x8000
