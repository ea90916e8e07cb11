#include "arch/descriptors.hpp"

#include <stddef.h>

#include "arch/cpu.hpp"
#include "arch/entry_constants.h"
#include "arch/interrupts.hpp"
#include "arch/kernel_tables.hpp"
#include "arch/trampoline.hpp"
#include "lib/string.hpp"

extern "C" void double_fault_entry();

namespace ido {

static_assert(offsetof(TrapFrame, esp_of_pusha) == FRAME_ESP_OF_PUSHA && offsetof(TrapFrame, cr3) == FRAME_CR3);
static_assert(vector::kSystemCall == VECTOR_SYSTEM_CALL && vector::kSysenter == VECTOR_SYSENTER);
// What SYSENTER and SYSEXIT make of the one selector in the MSR (SDM 2B).
static_assert(KERNEL_DS == KERNEL_CS + 8 && USER_CS == KERNEL_CS + 16 + 3 && USER_DS == KERNEL_CS + 24 + 3);

namespace {

#define IN_WINDOW [[gnu::section(".trampoline.tables")]]

// SDM 3A, 7.2.1.
struct Tss {
  u16 back_link, reserved0;
  u32 esp0, ss0, esp1, ss1, esp2, ss2;
  u32 cr3, eip, eflags;
  u32 eax, ecx, edx, ebx, esp, ebp, esi, edi;
  u32 es, cs, ss, ds, fs, gs, ldt;
  u16 trap, io_map_base;
};
static_assert(sizeof(Tss) == 104);

struct [[gnu::packed]] TableRegister {
  u16 limit;
  u32 base;
};

constexpr u32 kGdtEntries = 32;
constexpr u32 kDoubleFaultStackSize = 2048;

IN_WINDOW alignas(4096) u64 gdt[kGdtEntries] = {1};  // an initialiser that keeps it out of .bss
IN_WINDOW alignas(128) Tss tss = {1};
IN_WINDOW alignas(128) Tss double_fault_tss = {1};
IN_WINDOW alignas(4096) u64 idt[256] = {1};
alignas(16) u8
    double_fault_stack[kDoubleFaultStackSize];  // the gate loads the kernel's tables: need not be in the window

// A segment descriptor (SDM 3A, figure 3-8). access: P, DPL, S and type; flags: G, D/B, L, AVL.
constexpr u64 segment(u32 base, u32 limit, u32 access, u32 flags) {
  return u64{limit & 0xffff} | u64{base & 0xffffff} << 16 | u64{access} << 40 | u64{(limit >> 16) & 15} << 48 |
         u64{flags} << 52 | u64{base >> 24} << 56;
}

constexpr u32 kPresent = 0x80, kDpl3 = 0x60, kInterruptGate = 0x0e, kTaskGate = 0x05, kAvailableTss = 0x09,
              kLdtSegment = 0x02;
constexpr u32 kMsrSysenterCs = 0x174, kMsrSysenterEsp = 0x175, kMsrSysenterEip = 0x176;

const Ldt* loaded_ldt;

u64 gate(u32 selector, u32 offset, u32 access) {
  return u64{offset & 0xffff} | u64{selector} << 16 | u64{access} << 40 | u64{offset >> 16} << 48;
}

void fill_idt() {
  memset(idt, 0, sizeof idt);
  for (u32 i = 0; i < 48; ++i) {
    const bool user_may = i == vector::kBreakpoint || i == vector::kOverflow;
    idt[i] = gate(KERNEL_CS, entry_stubs[i], kPresent | kInterruptGate | (user_may ? kDpl3 : 0));
  }
  idt[vector::kDoubleFault] = gate(DOUBLE_FAULT_TSS_SELECTOR, 0, kPresent | kTaskGate);
  idt[vector::kSystemCall] = gate(KERNEL_CS, system_call_stub, kPresent | kInterruptGate | kDpl3);
}

u32 linear(const void* p) { return static_cast<u32>(reinterpret_cast<uintptr_t>(p)); }

}  // namespace

void init_descriptors() {
  memset(gdt, 0, sizeof gdt);
  gdt[KERNEL_CS / 8] = segment(0, 0xfffff, 0x9b, 0xc);
  gdt[KERNEL_DS / 8] = segment(0, 0xfffff, 0x93, 0xc);
  gdt[USER_CS / 8] = segment(0, 0xfffff, 0xfb, 0xc);
  gdt[USER_DS / 8] = segment(0, 0xfffff, 0xf3, 0xc);
  gdt[TSS_SELECTOR / 8] = segment(linear(&tss), sizeof tss - 1, kPresent | kAvailableTss, 0);
  gdt[DOUBLE_FAULT_TSS_SELECTOR / 8] = segment(linear(&double_fault_tss), sizeof tss - 1, kPresent | kAvailableTss, 0);

  memset(&tss, 0, sizeof tss);
  tss.esp0 = layout::kVirtualStack + layout::kKernelStackSize;
  tss.ss0 = KERNEL_DS;
  tss.io_map_base = sizeof tss;  // beyond the limit: no port is the user's

  memset(&double_fault_tss, 0, sizeof double_fault_tss);
  double_fault_tss.cr3 = kernel_cr3;
  double_fault_tss.eip = linear(reinterpret_cast<const void*>(&double_fault_entry));
  double_fault_tss.esp = linear(double_fault_stack + kDoubleFaultStackSize);
  double_fault_tss.eflags = 2;
  double_fault_tss.cs = KERNEL_CS;
  double_fault_tss.ss = double_fault_tss.ds = double_fault_tss.es = KERNEL_DS;
  double_fault_tss.io_map_base = sizeof tss;

  fill_idt();
  const TableRegister gdt_register{sizeof gdt - 1, linear(gdt)};
  const TableRegister idt_register{sizeof idt - 1, linear(idt)};
  asm volatile("lgdt %0" : : "m"(gdt_register));
  asm volatile("lidt %0" : : "m"(idt_register));
  asm volatile("lldt %w0" : : "r"(0));
  asm volatile("ltr %w0" : : "r"(TSS_SELECTOR));
  if (cpu.sysenter) {
    write_msr(kMsrSysenterCs, KERNEL_CS);
    write_msr(kMsrSysenterEsp, tss.esp0);
    write_msr(kMsrSysenterEip, linear(sysenter_entry));
  }
}

void set_kernel_stack(u32 top) {
  tss.esp0 = top;
  if (cpu.sysenter) write_msr(kMsrSysenterEsp, top);
}

void load_ldt(const Ldt* ldt) {
  // Not in the registers either: the next POP of the kernel's would fault, see load_tls.
  asm volatile("movw %w0, %%fs; movw %w0, %%gs" : : "r"(0));
  const u32 pages = ldt == nullptr ? 0 : (ldt->count * 8 + kPageSize - 1) / kPageSize;
  const u32 old_pages = loaded_ldt == nullptr ? 0 : Ldt::kMostPages;
  for (u32 i = 0; i < pages || i < old_pages; ++i) {
    const u32 address = layout::kLdt + i * kPageSize;
    if (i < pages)
      set_trampoline_page(address, phys_of(ldt->frames[i]).value, pte::kWrite | no_execute_bit());
    else
      clear_trampoline_page(address);
    invalidate_page(address);
  }
  loaded_ldt = ldt;
  gdt[LDT_SELECTOR / 8] = pages == 0 ? 0 : segment(layout::kLdt, ldt->count * 8 - 1, kPresent | kLdtSegment, 0);
  asm volatile("lldt %w0" : : "r"(pages == 0 ? 0 : LDT_SELECTOR));
}

const Ldt* running_ldt() { return loaded_ldt; }

void load_tls(const u64 (&descriptors)[kTlsCount]) {
  // The user's selectors are in its frame. In the registers they would be saved and restored by the next interrupt of
  // the kernel, and restoring one whose descriptor has just gone faults.
  asm volatile("movw %w0, %%fs; movw %w0, %%gs" : : "r"(0));
  for (u32 i = 0; i < kTlsCount; ++i) gdt[kTlsFirst + i] = descriptors[i];
}

InterruptedState double_faulted_state() {
  return {tss.cr3, tss.eip, tss.eflags, tss.eax, tss.ecx, tss.edx, tss.ebx,
          tss.esp, tss.ebp, tss.esi,    tss.edi, tss.cs,  tss.ss};
}

}  // namespace ido

extern "C" {
[[gnu::section(".trampoline.tables")]] base::u32 kernel_cr3 = 1;
[[gnu::section(".trampoline.tables")]] base::u32 stack_delta = 1;
}
