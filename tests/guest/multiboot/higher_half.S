# A small Multiboot kernel as many teaching kernels are: linked at 3 GiB + 1 MiB, its entry given by its virtual address,
# a video mode asked for. Checks what it is handed, says so on COM1 and ends with 3, or with 0 at the first thing wrong.
#define MAGIC 0x1badb002
#define FLAGS 7
.section .multiboot, "a"
.align 4
.long MAGIC, FLAGS, -(MAGIC + FLAGS)
.long 0, 0, 0, 0, 0          # addresses: not used with ELF
.long 1, 80, 25, 0           # text mode, please

.text
.global _start
_start:
  cmp $0x2badb002, %eax
  jne wrong
  mov (%ebx), %eax           # flags of the Multiboot information
  and $0x45, %eax            # memory sizes, command line, memory map
  cmp $0x45, %eax
  jne wrong
  mov 16(%ebx), %esi         # the command line
say:
  lodsb
  test %al, %al
  jz said
  mov $0x3f8, %dx
  out %al, %dx
  jmp say
said:
  cmpl $0, 44(%ebx)          # bytes of the memory map
  je wrong
  mov $1, %al
  jmp finish
wrong:
  mov $0, %al
finish:
  mov $0x501, %dx
  out %al, %dx
  hlt
.section .bss
.skip 4096
