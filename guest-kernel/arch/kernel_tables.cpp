#include "arch/kernel_tables.hpp"

#include "arch/cpu.hpp"
#include "arch/trampoline.hpp"
#include "arch/vdso.hpp"
#include "base/bits.hpp"
#include "lib/print.hpp"

extern "C" {
alignas(4096) base::u64 kernel_directories[4 * 512];  // boot.S fills them first
alignas(32) base::u64 kernel_pdpt[4];
}

namespace ido {

Windows windows;

namespace {

constexpr u32 kLargePage = 2 * kMiB;
constexpr u64 kDirectMapFlags = pte::kPresent | pte::kWrite | pte::kLarge;
constexpr u32 kImageTables = 4;  // the image may take 8 MiB

alignas(4096) u64 image_tables[kImageTables][512];
alignas(4096) u64 trampoline_table[512];
alignas(4096) u64 vdso_table[512];
alignas(4096) u64 kmap_table[512];

u32 address_of(const void* p) { return static_cast<u32>(reinterpret_cast<uintptr_t>(p)); }
u64 table_entry(const void* table, u64 flags) { return low_physical(table) | flags | pte::kPresent | pte::kWrite; }

// Rights of a page of the image, by its section (boot/kernel.ld).
u64 image_flags(u32 address) {
  if (address >= address_of(kernel_text_start) && address < address_of(kernel_text_end)) return pte::kPresent;
  if (address >= address_of(kernel_text_end) && address < address_of(kernel_rodata_end))
    return pte::kPresent | no_execute_bit();
  const u32 trampoline = address_of(trampoline_text_load);
  if (address >= trampoline && address < address_of(trampoline_tables_load)) return pte::kPresent | no_execute_bit();
  return pte::kPresent | pte::kWrite | no_execute_bit();
}

// Small pages where the image is, so that its sections can have rights of their own.
void split_image() {
  if (low_physical(kernel_end) > kImageTables * kLargePage)
    panic("the kernel's image exceeds %u MiB", kImageTables * 2);
  for (u32 t = 0; t < kImageTables; ++t) {
    for (u32 i = 0; i < 512; ++i) {
      const u32 physical = t * kLargePage + i * kPageSize;
      image_tables[t][i] = physical | image_flags(layout::kPageOffset + physical) | kernel_global_bit();
    }
    kernel_directories[(layout::kPageOffset >> 21) + t] = table_entry(image_tables[t], 0);
  }
}

void show_trampoline() {
  kernel_directories[layout::kTrampoline >> 21] = table_entry(trampoline_table, pte::kUser);
  kernel_directories[layout::kVdso >> 21] = table_entry(vdso_table, pte::kUser);
  const u64 global = cpu.global_pages ? pte::kGlobal : 0;
  const u32 text = low_physical(trampoline_text_load), tables = low_physical(trampoline_tables_load);
  for (u32 offset = 0; text + offset < tables; offset += kPageSize)
    set_trampoline_page(layout::kTrampolineCode + offset, text + offset, global);
  for (u32 offset = 0; tables + offset < low_physical(trampoline_load_end); offset += kPageSize)
    set_trampoline_page(layout::kTrampolineTables + offset, tables + offset, pte::kWrite | global | no_execute_bit());
  vdso_table[(layout::kVdso >> kPageShift) & 511] = low_physical(vdso_image()) | global | pte::kPresent | pte::kUser;
}

}  // namespace

u64 no_execute_bit() { return cpu.no_execute ? pte::kNoExecute : 0; }

u64 kernel_global_bit() { return !layout::kSplit4G && cpu.global_pages ? pte::kGlobal : 0; }

void set_trampoline_page(u32 address, u64 physical, u64 flags) {
  trampoline_table[(address >> kPageShift) & 511] = physical | flags | pte::kPresent;
}

void clear_trampoline_page(u32 address) { trampoline_table[(address >> kPageShift) & 511] = 0; }

void set_kmap_slot(u32 slot, u64 physical) {
  kmap_table[slot] = physical == 0 ? 0 : physical | pte::kPresent | pte::kWrite | no_execute_bit();
}

void plan_windows(u64 memory_end) {
  // In whole units of 128 MiB of addresses, so that low memory ends where a section does (mm/sections.hpp).
  constexpr u64 kUnit = 128 * kMiB, kBytesPerFrame = 32;
  const u64 wanted = align_up<u64>((memory_end >> kPageShift) * kBytesPerFrame, kUnit);
  const u64 least = layout::kVmemmapEnd - layout::kPageOffset - layout::kLowMemoryMax;
  const u64 size = wanted < least ? least : wanted > layout::kVmemmapMax ? layout::kVmemmapMax : wanted;
  windows.vmemmap = layout::kVmemmapEnd - static_cast<u32>(size);
}

void init_kernel_tables(u64 low_end) {
  for (u32 i = 0; i < layout::kPageOffset >> 21; ++i) kernel_directories[i] = 0;
  const u64 most = windows.vmemmap - layout::kPageOffset;
  const u64 end = align_up<u64>(low_end < most ? low_end : most, kLargePage);
  for (u64 physical = 0; physical < layout::kLowMemoryMax; physical += kLargePage) {
    u64& entry = kernel_directories[(layout::kPageOffset + physical) >> 21];
    entry = physical < end ? physical | kDirectMapFlags | kernel_global_bit() | no_execute_bit() : 0;
  }
  windows.direct_map_frames = static_cast<u32>(end >> kPageShift);
  split_image();
  kernel_directories[layout::kKmap >> 21] = table_entry(kmap_table, 0);
  show_trampoline();
  write_cr3(low_physical(kernel_pdpt));
  if (cpu.global_pages) write_cr4(read_cr4() | cr4::kGlobalPages);
  kernel_cr3 = low_physical(kernel_pdpt);
}

// kKmap + 256 slots of 4 KiB stay within one table.
static_assert(layout::kKmapSlots <= 512);

}  // namespace ido
