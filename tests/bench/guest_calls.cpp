// Row "system calls": a 4G/4G kernel in little. Program and kernel have page tables of their own (PAE, 4-KiB pages)
// that share what is needed to cross; each crossing loads CR3. The program calls by INT 0x80 and by SYSENTER in turn
// and reads its thread's data through GS.
#include "guest_rows.hpp"

extern "C" {
extern char call_program[], call_interrupt_entry[], call_fast_entry[], call_stack_top[];
void call_enter_program();
rows::u32 call_kernel_cr3, call_user_cr3;
alignas(4096) rows::u32
    call_private[2][16 * 1024];  // 16 pages that only the kernel has, and 16 that only the program has
rows::u32 call_serve(rows::u32 number);
}

namespace rows {
namespace {

using u64 = unsigned long long;

constexpr u32 kPage = 4096;
alignas(32) u64 pdpt[2][4];
alignas(4096) u64 directory[2][512];
alignas(4096) u64 table[2][2][512];  // 4 MiB each
alignas(8) u64 gdt[8];
alignas(8) u64 idt[0x81];
u32 task_state[26];

u32 address(const void* p) { return reinterpret_cast<u32>(p); }

// Maps 4 MiB to themselves, global but for what is private to one side.
void map(u32 side) {
  for (u32 n = 0; n < 1024; ++n) {
    const u32 at = n * kPage;
    u64 entry = at | 7 | 0x100;
    for (u32 owner = 0; owner < 2; ++owner) {
      if (at - address(call_private[owner]) < sizeof(call_private[owner])) entry = owner == side ? at | 7 : 0;
    }
    table[side][n / 512][n % 512] = entry;
  }
  for (u32 n = 0; n < 2; ++n) directory[side][n] = address(table[side][n]) | 7;
  pdpt[side][0] = address(directory[side]) | 1;
}

u64 segment(u32 type, u32 base) {
  return 0x00cf00000000ffffull | (u64{type} << 40) | (u64{base & 0xffffff} << 16) | (u64{base >> 24} << 56);
}

void write_msr(u32 number, u32 value) { asm volatile("wrmsr" : : "c"(number), "a"(value), "d"(0)); }

void prepare() {
  map(0);
  map(1);
  call_kernel_cr3 = address(pdpt[0]);
  call_user_cr3 = address(pdpt[1]);
  gdt[1] = segment(0x9b, 0), gdt[2] = segment(0x93, 0), gdt[3] = segment(0xfb, 0), gdt[4] = segment(0xf3, 0);
  gdt[5] = segment(0xf3, address(&call_private[1][2048]));  // GS of the program
  const u32 tss = address(task_state);
  gdt[6] = 0x67 | (u64{tss & 0xffffff} << 16) | (0x89ull << 40) | (u64{tss >> 24} << 56);
  task_state[1] = address(call_stack_top), task_state[2] = 0x10;
  task_state[25] = 104u << 16;
  const u32 entry = address(call_interrupt_entry);
  idt[0x80] = (entry & 0xffff) | (8u << 16) | (u64{(entry & 0xffff0000) | 0xee00} << 32);
  struct __attribute__((packed)) {
    u16 limit;
    const void* base;
  } gdtr{sizeof(gdt) - 1, gdt}, idtr{sizeof(idt) - 1, idt};
  asm volatile("lgdt %0; lidt %1; ltr %w2" : : "m"(gdtr), "m"(idtr), "r"(0x30));
  write_msr(0x174, 8);
  write_msr(0x175, address(call_stack_top));
  write_msr(0x176, address(call_fast_entry));
  u32 cr4, cr0;
  asm volatile("mov %%cr4, %0" : "=r"(cr4));
  asm volatile("mov %0, %%cr4" : : "r"(cr4 | 0x20));  // PAE
  asm volatile("mov %0, %%cr3" : : "r"(call_kernel_cr3));
  asm volatile("mov %%cr0, %0" : "=r"(cr0));
  asm volatile("mov %0, %%cr0" : : "r"(cr0 | 0x80010000) : "memory");  // PG, WP
  asm volatile("mov %0, %%cr4" : : "r"(cr4 | 0xa0) : "memory");        // PGE
}

}  // namespace

u32 call_round() {
  static bool prepared;
  if (!prepared) prepare();
  prepared = true;
  call_enter_program();
  return call_private[0][3 * 1024];
}

}  // namespace rows

// What a cheap call does: looks something up on a handful of pages.
rows::u32 call_serve(rows::u32 number) {
  rows::u32 sum = number;
  for (rows::u32 n = 1; n < 9; ++n) sum += call_private[0][n * 1024 + (number & 63)]++;
  return sum;
}
