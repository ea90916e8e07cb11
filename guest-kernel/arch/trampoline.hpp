// The trampoline's own variables and labels (arch/entry.S, boot/kernel.ld). For arch only.
//
// A virtual kernel stack is the running task's stack seen at layout::kVirtualStack, where the user's page tables have
// it too: the processor pushes there on entry from user mode. Everything after the first instructions runs on the same
// bytes at their direct map address.
#pragma once

#include "arch/paging.hpp"

extern "C" {
extern base::u32 kernel_cr3;   // page tables of the kernel
extern base::u32 stack_delta;  // real minus virtual address of the running task's stack

extern char trampoline_code_start[], trampoline_code_end[];
extern char trampoline_guarded_start[];  // from here to the end: the paths of debug exceptions and NMIs
extern char bad_iret[], sysenter_entry[];
// Where each copy of the exit pops selectors, and its IRET.
extern char exit_pop_gs[], exit_pops_end[], exit_iret[];
extern char debug_pop_gs[], debug_pops_end[], debug_iret[];
extern char nmi_pop_gs[], nmi_pops_end[], nmi_iret[];
extern char sysexit_pop_gs[], sysexit_pops_end[];
extern char trampoline_text_load[], trampoline_tables_load[], trampoline_load_end[];
extern char kernel_text_start[], kernel_text_end[], kernel_rodata_end[], kernel_end[];
extern base::u64 kernel_pdpt[4];
extern base::u64 kernel_directories[4 * 512];
extern base::u32 entry_stubs[48], system_call_stub;
}
