// The virtual memory layout and the constants of entry, for assembly, linker script and C++ alike: preprocessor only.
// arch/layout.hpp gives them types and names; arch/descriptors.cpp asserts that they agree with TrapFrame.
//
// SPLIT_3G builds the same kernel with the classic split: user below 3 GiB, kernel above, one set of page tables.
#pragma once

#ifdef SPLIT_3G
#define PAGE_OFFSET 0xc0000000
#define LOW_MEMORY_MAX 0x30000000
#define USER_END 0xc0000000
#else
#define PAGE_OFFSET 0x02000000
#define LOW_MEMORY_MAX 0xc0000000
#define USER_END 0xff000000
#endif

// The trampoline window, the same in both splits.
#define TRAMPOLINE_CODE 0xff000000
#define TRAMPOLINE_TABLES 0xff010000
#define VIRTUAL_STACK 0xff100000
#define KERNEL_STACK_SIZE 0x4000

// The page that user code may execute: an ELF image with fixed addresses (arch/vdso.S).
#define VDSO_BASE 0xffffe000
#define VDSO_TEXT 0xffffe400
#define VDSO_VSYSCALL 0xffffe400
#define VDSO_SYSENTER_RETURN 0xffffe410
#define VDSO_SIGRETURN 0xffffe420
#define VDSO_RT_SIGRETURN 0xffffe440

// Selectors: the numbers that programs on i386 are used to, in the order that SYSENTER and SYSEXIT want (SDM 2B).
#define KERNEL_CS 0x60
#define KERNEL_DS 0x68
#define USER_CS 0x73
#define USER_DS 0x7b
#define TSS_SELECTOR 0x80
#define LDT_SELECTOR 0x88
#define DOUBLE_FAULT_TSS_SELECTOR 0xf8

// Vectors that a frame may name besides the processor's: which way a system call came.
#define VECTOR_SYSTEM_CALL 0x80
#define VECTOR_SYSENTER 0x81

// Offsets in TrapFrame.
#define FRAME_CR3 0
#define FRAME_ESP_OF_PUSHA 32
#define FRAME_CS 64

#define FLAG_INTERRUPT 0x200
