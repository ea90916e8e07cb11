// User page tables, and the kernel's window mappings. PAE: four directories of 512 entries (SDM 3A, 4.4).
#include "arch/paging.hpp"

#include "arch/cpu.hpp"
#include "arch/kernel_tables.hpp"
#include "arch/stack.hpp"
#include "arch/trampoline.hpp"
#include "lib/print.hpp"
#include "lib/string.hpp"

namespace ido {

namespace {

TablePages table_pages{};

constexpr u32 kEntries = 512;
constexpr u32 kKernelDirectory = 3;  // the window's, in both splits
static_assert(layout::kTrampoline >> 30 == kKernelDirectory && layout::kUserEnd >= kKernelDirectory << 30);
constexpr u32 kTrampolineSlot = (layout::kTrampoline >> 21) % kEntries;

// The first page of an address space: the object itself, and the four-entry table that CR3 points to.
struct Root {
  UserPageTable table;
  alignas(32) u64 pdpt[4];
};

u64* table_at(u64 entry) {
  return static_cast<u64*>(low_address(Pfn{static_cast<u32>((entry & pte::kFrameMask) >> kPageShift)}));
}

u64* new_table() {
  if (table_pages.allocate == nullptr) panic("a page table is needed before mm registered where to get one");
  return static_cast<u64*>(table_pages.allocate());
}

// The table below `slot`; made when it is missing and `flags` is not 0.
u64* descend(u64& slot, u64 flags) {
  if (slot & pte::kPresent) return table_at(slot);
  if (flags == 0) return nullptr;
  u64* table = new_table();
  if (table != nullptr) slot = low_physical(table) | flags;
  return table;
}

bool empty(const u64* table) {
  for (u32 i = 0; i < kEntries; ++i)
    if (table[i] != 0) return false;
  return true;
}

constexpr u64 kUserTable = pte::kPresent | pte::kWrite | pte::kUser;

// Only in 3G/1G can user tables be loaded while the kernel runs.
bool is_loaded(const UserPageTable& table) { return !layout::kSplit4G && read_cr3() == table.cr3(); }

}  // namespace

struct UserPageTableAccess {
  static u64* pdpt(const UserPageTable& t) {
    return static_cast<u64*>(low_address(Pfn{0})) + t.pdpt_physical_ / sizeof(u64);
  }
  static void set_root(UserPageTable& t, u32 physical) { t.pdpt_physical_ = physical; }
};

void set_table_pages(TablePages hooks) { table_pages = hooks; }

Or<UserPageTable*> UserPageTable::create() {
  auto* root = reinterpret_cast<Root*>(new_table());
  if (root == nullptr) return fail(Errno::kNoMem);
  u64* last = kernel_directories + kKernelDirectory * kEntries;  // 3G/1G: the kernel's whole GiB
  if (layout::kSplit4G) {
    last = new_table();
    if (last == nullptr) {
      table_pages.release(root);
      return fail(Errno::kNoMem);
    }
    // The window's tables are shared by all: what changes in them (the virtual stack) changes everywhere.
    for (const u32 address : {layout::kTrampoline, layout::kVdso})
      last[(address >> 21) % kEntries] = kernel_directories[address >> 21];
  }
  root->pdpt[kKernelDirectory] = low_physical(last) | pte::kPresent;
  UserPageTableAccess::set_root(root->table, low_physical(root->pdpt));
  return &root->table;
}

void UserPageTable::destroy() {
  if (is_loaded(*this)) set_user_tables(nullptr);  // 3G/1G: a kernel thread runs on them still
  u64* pdpt = UserPageTableAccess::pdpt(*this);
  for (u32 i = 0; i < 4; ++i) {
    if (!(pdpt[i] & pte::kPresent) || (!layout::kSplit4G && i == kKernelDirectory)) continue;
    u64* directory = table_at(pdpt[i]);
    for (u32 j = 0; j < kEntries; ++j) {
      const bool window = i == kKernelDirectory && j >= kTrampolineSlot;
      if (!window && (directory[j] & pte::kPresent)) table_pages.release(table_at(directory[j]));
    }
    table_pages.release(directory);
  }
  table_pages.release(this);
}

u64 UserPageTable::cr3() const { return pdpt_physical_; }

Pte* UserPageTable::entry(u32 address, bool make) {
  KASSERT(address < layout::kUserEnd);
  u64& directory_slot = UserPageTableAccess::pdpt(*this)[address >> 30];
  const bool missing = !(directory_slot & pte::kPresent);
  u64* directory = descend(directory_slot, make ? pte::kPresent : 0);
  // The processor reads the four entries of CR3's table only when CR3 is loaded (SDM 3A, 4.4.1). In 4G/4G every return
  // to user mode does that.
  if (missing && directory != nullptr && is_loaded(*this)) write_cr3(read_cr3());
  if (directory == nullptr) return nullptr;
  u64* table = descend(directory[(address >> 21) % kEntries], make ? kUserTable : 0);
  if (table == nullptr) return nullptr;
  return reinterpret_cast<Pte*>(table + (address >> kPageShift) % kEntries);
}

void UserPageTable::set(Pte* slot, Pte value) {
  // The high half first, so that a present entry is never half old: no walk sees the new frame's low bits with the old
  // high ones. (Nothing walks user tables while the kernel runs, but the order costs nothing.)
  auto* half = reinterpret_cast<volatile u32*>(slot);
  if (!value.present()) half[0] = 0;
  half[1] = static_cast<u32>(value.value >> 32);
  half[0] = static_cast<u32>(value.value);
}

Pte UserPageTable::exchange(Pte* slot, Pte value) {
  // CMPXCHG8B under LOCK: the accessed and dirty bits that a walk sets at any time are in what is returned.
  Pte old = *slot;
  while (!__sync_bool_compare_and_swap(&slot->value, old.value, value.value)) old = *slot;
  return old;
}

u32 UserPageTable::page_count() const {
  const u64* pdpt = UserPageTableAccess::pdpt(*this);
  u32 pages = 1;
  for (u32 i = 0; i < 4; ++i) {
    if (!(pdpt[i] & pte::kPresent) || (i << 30) >= layout::kUserEnd) continue;
    ++pages;
    const u64* directory = table_at(pdpt[i]);
    for (u32 j = 0; j < kEntries && (i << 30 | j << 21) < layout::kUserEnd; ++j)
      pages += directory[j] & pte::kPresent ? 1 : 0;
  }
  return pages;
}

void UserPageTable::trim(u32 from, u32 to) {
  constexpr u32 kReach = kEntries * kPageSize;  // of one table
  u64* pdpt = UserPageTableAccess::pdpt(*this);
  for (u64 address = from & ~(kReach - 1); address < to; address += kReach) {
    const u64 directory_entry = pdpt[address >> 30];
    if (!(directory_entry & pte::kPresent)) continue;
    u64& slot = table_at(directory_entry)[(address >> 21) % kEntries];
    if (address >= layout::kUserEnd || !(slot & pte::kPresent) || !empty(table_at(slot))) continue;
    table_pages.release(table_at(slot));
    slot = 0;
  }
}

// In 4G/4G the flush is the page-table load of the next exit: user entries are never global.
void flush_user_page(const UserPageTable& table, u32 address) {
  if (is_loaded(table)) invalidate_page(address);
}
void flush_user_all(const UserPageTable& table) {
  if (is_loaded(table)) write_cr3(read_cr3());
}

Or<> map_kernel(u32 address, Pfn frame, u64 flags) {
  KASSERT(address >= windows.vmemmap && address < layout::kKmap);
  u64* table = descend(kernel_directories[address >> 21], pte::kPresent | pte::kWrite);
  if (table == nullptr) return fail(Errno::kNoMem);
  u64& slot = table[(address >> kPageShift) % kEntries];
  slot = phys_of(frame).value | flags | kernel_global_bit() | pte::kPresent;
  invalidate_page(address);
  return {};
}

void unmap_kernel(u32 address) {
  KASSERT(address >= windows.vmemmap && address < layout::kKmap);
  u64* table = descend(kernel_directories[address >> 21], 0);
  if (table == nullptr) return;
  table[(address >> kPageShift) % kEntries] = 0;
  invalidate_page(address);
}

Pte kernel_entry(u32 address) {
  const u64 directory = kernel_directories[address >> 21];
  if (!(directory & pte::kPresent) || (directory & pte::kLarge)) return Pte{directory};
  return Pte{table_at(directory)[(address >> kPageShift) % kEntries]};
}

}  // namespace ido
