// Page tables and kmaps.
#include "arch/cpu.hpp"
#include "arch/kmap.hpp"
#include "ktest/ktest.hpp"
#include "lib/string.hpp"
#include "mm/buddy.hpp"
#include "mm/mm.hpp"

extern "C" char kernel_text_start[], kernel_text_end[], kernel_rodata_end[], kernel_end[];

namespace ido {

namespace {

constexpr u32 kEntries = 512;

u32 address_of(const void* p) { return static_cast<u32>(reinterpret_cast<uintptr_t>(p)); }
const u64* table_at(u64 entry) { return static_cast<const u64*>(low_address(Pte{entry}.frame())); }

// A page that the kernel may take from high memory too.
Page* any_page() {
  auto page = allocate_pages(
      {.zones = kKernelHighZones, .type = MigrateType::kUnmovable, .use = PageUse::kKernel, .owner = "ktest"});
  return page.ok() ? *page : nullptr;
}

}  // namespace

KTEST(user_tables_hold_the_window_and_no_more) {
  auto created = UserPageTable::create();
  CHECK(created.ok());
  UserPageTable& table = **created;
  const u64* pdpt = static_cast<const u64*>(low_address(Pfn{0})) + table.cr3() / sizeof(u64);
  u32 directories = 0, entries = 0;
  for (u32 i = 0; i < 4; ++i) {
    if (!(pdpt[i] & pte::kPresent)) continue;
    ++directories;
    for (u32 j = 0; j < kEntries; ++j)
      if (table_at(pdpt[i])[j] != 0) ++entries;
  }
  if (layout::kSplit4G) CHECK(directories == 1 && entries == 2);
  // In the window, only the vsyscall page is the user's.
  u32 user_pages = 0;
  for (const u32 window : {layout::kTrampoline, layout::kVdso}) {
    const u64 shared = table_at(pdpt[3])[(window >> 21) % kEntries];
    CHECK(shared & pte::kPresent);
    for (u32 i = 0; i < kEntries; ++i) {
      const u64 entry = table_at(shared)[i];
      if (!(entry & pte::kPresent) || !(entry & pte::kUser)) continue;
      ++user_pages;
      CHECK(!(entry & pte::kWrite) && window == layout::kVdso);
    }
  }
  CHECK(user_pages == 1);
  table.destroy();
  return PASSED;
}

KTEST(kernel_text_is_read_only_and_data_not_executable) {
  for (u32 a = layout::kPageOffset + kPageSize; a < address_of(kernel_end); a += kPageSize) {
    const Pte entry = kernel_entry(a);
    const bool text = a >= address_of(kernel_text_start) && a < address_of(kernel_text_end);
    const bool constant = a >= address_of(kernel_text_end) && a < address_of(kernel_rodata_end);
    CHECK(entry.present());
    if (text || constant) CHECK(!(entry.value & pte::kWrite));
    if (!text && cpu.no_execute) CHECK(entry.value & pte::kNoExecute);
  }
  CHECK(read_cr0() & cr0::kWriteProtect);
  return PASSED;
}

KTEST(address_zero_is_not_mapped) {
  for (u32 a = 0; a < layout::kPageOffset; a += 0x200000) CHECK(!kernel_entry(a).present());
  return PASSED;
}

KTEST(kmaps_nest_like_a_stack) {
  Page* a = any_page();
  Page* b = any_page();
  CHECK(a != nullptr && b != nullptr);
  {
    const Kmap outer(frame_of(a));
    memset(outer.bytes(), 0x11, kPageSize);
    {
      const Kmap inner(frame_of(b)), same(frame_of(a));
      memset(inner.bytes(), 0x22, kPageSize);
      CHECK(same.bytes()[kPageSize - 1] == 0x11);
      same.bytes()[0] = 0x33;
    }
    CHECK(outer.bytes()[0] == 0x33);
    copy_frame(frame_of(a), frame_of(b));
    CHECK(outer.bytes()[0] == 0x22);
    zero_frame(frame_of(a));
    CHECK(outer.bytes()[kPageSize - 1] == 0);
  }
  free_pages(a, 0);
  free_pages(b, 0);
  return PASSED;
}

KTEST(page_table_entries_keep_their_high_bits) {
  auto created = UserPageTable::create();
  CHECK(created.ok());
  UserPageTable& table = **created;
  constexpr u32 kAddress = 0x08048000;
  CHECK(table.entry(kAddress, false) == nullptr);
  Pte* slot = table.entry(kAddress, true);
  CHECK(slot != nullptr && slot->value == 0);
  const Pte high{(u64{0xabcdef} << 12) | pte::kPresent | pte::kUser | pte::kNoExecute};
  UserPageTable::set(slot, high);
  CHECK(slot->value == high.value && slot->frame() == Pfn{0xabcdef});
  CHECK(UserPageTable::exchange(slot, Pte{0}).value == high.value && slot->value == 0);
  table.trim(0, layout::kUserEnd);
  CHECK(table.entry(kAddress, false) == nullptr);
  table.destroy();
  return PASSED;
}

}  // namespace ido
