; A boot disk that sets one mode by int 10h (at 01f0, patched by the test), draws in it by the BIOS's own services, and
; ends the run through the debug-exit port, so that the last picture is of that mode.
        bits    16
        org     0x7c00
start:  cli
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, 0x7c00
        sti
        mov     ax, 0x0204              ; the rest, from sectors 2 to 5 of drive DL
        mov     bx, 0x7e00
        mov     cx, 0x0002
        xor     dh, dh
        int     0x13
        jc      done
        jmp     draw
done:   mov     dx, 0x501
        xor     eax, eax
        out     dx, eax
        hlt
        times   0x1f0-($-$$) db 0
mode:   dw      0x0003
        times   510-($-$$) db 0
        dw      0xaa55

draw:   mov     ax, [mode]
        cmp     ax, 0x100
        jae     vbe
        int     0x10
        mov     ax, [mode]
        mov     ah, 0x0f
        int     0x10
        cmp     al, 3
        jbe     text
        cmp     al, 7
        je      text

; Graphics: a diagonal in all colours, one drawn twice by exclusive or, characters, and a window scrolled.
        mov     cx, 199
.pixel: push    cx
        mov     ax, cx
        and     al, 0x7f
        mov     ah, 0x0c
        xor     bx, bx
        mov     dx, cx
        int     0x10
        mov     ax, 0x0c83
        mov     dx, 100
        int     0x10
        pop     cx
        loop    .pixel
        mov     cx, 50
.back:  push    cx
        mov     ax, 0x0c83
        mov     dx, 100
        xor     bx, bx
        int     0x10
        pop     cx
        loop    .back
        mov     bl, 0x03
        jmp     letters

; Text: attributes, a scrolled window, the cursor off so that the picture does not depend on its blinking.
text:   mov     cx, 0x2000
        mov     ah, 1
        int     0x10
        mov     bl, 0x1e
letters:
        mov     si, message
        xor     bh, bh
.next:  lodsb
        test    al, al
        jz      .after
        mov     ah, 0x0e
        int     0x10
        jmp     .next
.after: mov     dx, 0x0305              ; row 3, column 5: AH=09h
        mov     ah, 2
        xor     bh, bh
        int     0x10
        mov     ax, 0x0941
        mov     bx, 0x0005
        mov     cx, 7
        int     0x10
        mov     ax, 0x1301              ; row 5: AH=13h
        mov     bx, 0x0002
        mov     cx, string_end - string
        mov     dx, 0x0502
        mov     bp, string
        int     0x10
        mov     ax, 0x0601              ; rows 4 to 6, columns 2 to 20 go up by one
        mov     bh, 0x01
        mov     cx, 0x0402
        mov     dx, 0x0614
        int     0x10
        mov     ah, 0x02                ; what was written can be read
        mov     dx, 0x0305
        xor     bh, bh
        int     0x10
        mov     ah, 8
        int     0x10
        cmp     al, 'A'
        je      done
        mov     ax, 0x0e3f              ; else a question mark
        mov     bl, 7
        int     0x10
        jmp     done

; VBE: 64 KiB banks, each filled with its own pattern through the window.
vbe:    mov     bx, ax
        mov     ax, 0x4f02
        int     0x10
        cmp     ax, 0x004f
        jne     done
        xor     dx, dx
.bank:  push    dx
        xor     bx, bx
        mov     ax, 0x4f05
        int     0x10
        pop     dx
        cmp     ax, 0x004f
        jne     done
        mov     ax, 0xa000
        mov     es, ax
        xor     di, di
        mov     cx, 0x8000
.fill:  mov     ax, di
        xor     ah, dl
        mov     [es:di], ax
        add     di, 2
        loop    .fill
        inc     dx
        cmp     dx, 8
        jb      .bank
        jmp     done

message: db     "Hello from int 10h", 13, 10, "second line", 8, "!", 13, 10, 0
string: db      "a string of AH=13h"
string_end:
        times   512*5-($-$$) db 0
