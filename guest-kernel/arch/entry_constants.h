// Constants that assembly and C++ share: preprocessor only. arch/descriptors.cpp asserts that they agree with layout.hpp
// and TrapFrame.
#pragma once

#define PAGE_OFFSET 0x02000000
#define LOW_MEMORY_MAX 0xc0000000
#define VIRTUAL_STACK 0xff100000
#define KERNEL_STACK_SIZE 0x4000

// Selectors: the numbers that programs on i386 are used to.
#define KERNEL_CS 0x60
#define KERNEL_DS 0x68
#define USER_CS 0x73
#define USER_DS 0x7b
#define TSS_SELECTOR 0x80
#define DOUBLE_FAULT_TSS_SELECTOR 0xf8

// Offsets in TrapFrame.
#define FRAME_ESP_OF_PUSHA 32
#define FRAME_CR3 0
#define FRAME_CS 64
