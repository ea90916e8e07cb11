// Multiboot header and the first instructions: 32-bit flat code at physical addresses, paging off (Multiboot 0.6.96,
// 3.2). Turns on PAE paging with a direct map of the first 3 GiB in large pages at kPageOffset, and jumps there.
#include "arch/entry_constants.h"

#define MULTIBOOT_MAGIC 0x1badb002
#define MULTIBOOT_FLAGS 0x00000003  /* modules page-aligned; memory map wanted */

#define PHYSICAL(symbol) ((symbol) - PAGE_OFFSET)
#define LARGE_PAGE_FLAGS 0x83       /* present, writable, large */

  .section .multiboot, "a"
  .align 4
  .long MULTIBOOT_MAGIC, MULTIBOOT_FLAGS, -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

  .section .boot.text, "ax"
  .globl boot_entry
boot_entry:
  cli
  cld
  movl %eax, %ebp             // loader's magic; ebx: Multiboot information

  // A loader may leave .bss as it was.
  movl $PHYSICAL(kernel_bss_start), %edi
  movl $PHYSICAL(kernel_bss_end), %ecx
  subl %edi, %ecx
  shrl $2, %ecx
  xorl %eax, %eax
  rep stosl

  // Four page directories, contiguous: kernel_directories. Entry i of the whole maps 2 MiB at i * 2 MiB.
  movl $PHYSICAL(kernel_directories), %edi
  movl $LARGE_PAGE_FLAGS, %eax
  movl $(PAGE_OFFSET >> 21), %ecx
1:                            // identity below kPageOffset, until C++ runs
  movl %eax, (%edi)
  addl $8, %edi
  addl $0x200000, %eax
  loop 1b
  movl $LARGE_PAGE_FLAGS, %eax
  movl $(LOW_MEMORY_MAX >> 21), %ecx
1:                            // the direct map
  movl %eax, (%edi)
  addl $8, %edi
  addl $0x200000, %eax
  loop 1b

  movl $PHYSICAL(kernel_directories) + 1, %eax   // present: the only bit that a PDPTE may have (SDM 3A, 4.4.1)
  movl $PHYSICAL(kernel_pdpt), %edi
  movl %eax, 0(%edi)
  addl $0x1000, %eax
  movl %eax, 8(%edi)
  addl $0x1000, %eax
  movl %eax, 16(%edi)
  addl $0x1000, %eax
  movl %eax, 24(%edi)

  movl %cr4, %eax
  orl $0x20, %eax             // PAE
  movl %eax, %cr4
  movl %edi, %cr3
  movl %cr0, %eax
  orl $0x80010001, %eax       // PG, WP, PE
  movl %eax, %cr0
  movl $high_entry, %eax
  jmp *%eax

  .text
high_entry:
  // The loader's GDT may be anywhere: take our own flat one before anything can need it.
  lgdt early_gdt_register
  ljmp $KERNEL_CS, $1f
1:
  movl $KERNEL_DS, %eax
  movl %eax, %ds
  movl %eax, %es
  movl %eax, %ss
  xorl %eax, %eax
  movl %eax, %fs
  movl %eax, %gs
  lldt %ax
  movl $boot_stack + KERNEL_STACK_SIZE, %esp
  pushl $0                    // end of the chain of frames
  pushl $0
  pushl %ebx
  pushl %ebp
  movl $0, %ebp
  call kernel_start
1:
  hlt
  jmp 1b

  .section .rodata
  .align 8
early_gdt:
  .fill KERNEL_CS / 8, 8, 0
  .quad 0x00cf9b000000ffff    // code, flat
  .quad 0x00cf93000000ffff    // data, flat
early_gdt_end:
early_gdt_register:
  .word early_gdt_end - early_gdt - 1
  .long early_gdt

  .bss
  .globl boot_stack
  .align KERNEL_STACK_SIZE
boot_stack:                   // becomes the idle task's
  .skip KERNEL_STACK_SIZE

  .section .note.GNU-stack, "", @progbits
