#include "mm/init.hpp"

#include "arch/paging.hpp"
#include "lib/print.hpp"
#include "lib/string.hpp"
#include "mm/poison.hpp"
#include "mm/populate.hpp"
#include "mm/zone.hpp"

namespace ido::mm {
namespace {

// Frames for page tables until the buddy allocator has pages.
constexpr u32 kEarlyFrames = 16;
struct EarlyPool {
  Pfn next{0};
  u32 left = 0;
} early;

void* allocate_table_page() {
  if (early.left > 0) {
    void* page = low_address(early.next);
    early.next += 1;
    --early.left;
    memset(page, 0, kPageSize);
    return page;
  }
  auto page = allocate_pages(
      {.zones = kLowZones, .type = MigrateType::kUnmovable, .use = PageUse::kTable, .owner = "page table"});
  if (!page) return nullptr;
  void* address = low_address(frame_of(page.value()));
  memset(address, 0, kPageSize);
  return address;
}

void release_table_page(void* address) {
  Page* page = page_of_address(address);
  if (page->use == PageUse::kTable)
    free_pages(page, 0);
  else
    release_boot_data(u64{frame_of(page).value} << kPageShift, kPageSize);
}

void add_boot_data(u64 base, u64 size, const char* owner) {
  BootMemory& boot = boot_memory();
  if (boot.boot_data_count == BootMemory::kMaxReserved) panic("the boot loader left too many pieces of boot data");
  boot.boot_data[boot.boot_data_count++] = {base, size, owner};
}

// Sorts the usable ranges and cuts overlaps, which firmware maps may have, so that each frame counts once.
void normalise_usable() {
  BootMemory& boot = boot_memory();
  PhysicalRange* ranges = boot.usable;
  for (u32 i = 1; i < boot.usable_count; ++i) {
    const PhysicalRange moved = ranges[i];
    u32 at = i;
    for (; at > 0 && ranges[at - 1].base > moved.base; --at) ranges[at] = ranges[at - 1];
    ranges[at] = moved;
  }
  u64 covered = 0;
  for (u32 i = 0; i < boot.usable_count; ++i) {
    PhysicalRange& range = ranges[i];
    const u64 end = range.end() > covered ? range.end() : covered;
    if (range.base < covered) range.base = covered;
    range.size = end - range.base;
    covered = end;
  }
}

// Finds the early pool in low RAM, above 1 MiB.
void place_early_pool() {
  const BootMemory& boot = boot_memory();
  for (u32 i = 0; i < boot.usable_count; ++i) {
    u64 at = boot.usable[i].base < kMiB ? kMiB : (boot.usable[i].base + kPageMask) & ~u64{kPageMask};
    while (at + kEarlyFrames * kPageSize <= boot.usable[i].end() && in_low_memory(pfn_of(GuestPhys{at}))) {
      const PhysicalRange wanted{at, kEarlyFrames * kPageSize, nullptr};
      const PhysicalRange* hit = first_overlap(wanted, boot.reserved, boot.reserved_count);
      if (hit == nullptr) hit = first_overlap(wanted, boot.boot_data, boot.boot_data_count);
      if (hit == nullptr) {
        early = {pfn_of(GuestPhys{at}), kEarlyFrames};
        add_boot_data(wanted.base, wanted.size, "boot page tables");
        return;
      }
      at = (hit->end() + kPageMask) & ~u64{kPageMask};
    }
  }
  panic("not enough memory to start: no %u KiB of low memory are free", kEarlyFrames * kPageSize / 1024);
}

// Sections for all RAM, with what they hold; nothing of their mem_map yet.
void declare_sections() {
  const BootMemory& boot = boot_memory();
  for (u32 index = 0; index < section_limit(); ++index) {
    Section& section = section_at(index);
    visit_ranges(index, boot.usable, boot.usable_count, Round::kIn, [&](Pfn first, u32 count, const PhysicalRange&) {
      section.state = SectionState::kOnline;
      section.zone = in_low_memory(first) ? ZoneId::kNormal : ZoneId::kHighMem;
      section.present_pages += count;
      const u32 dma = first.value >= kDmaFrames          ? 0
                      : count < kDmaFrames - first.value ? count
                                                         : kDmaFrames - first.value;
      zone_at(ZoneId::kDma).present_pages += dma;
      zone_at(section.zone).present_pages += count - dma;
    });
    if (section.present_pages != kSectionPages) continue;
    const PhysicalRange whole{u64{index} << kSectionShift, kSectionSize, nullptr};
    section.deferred = first_overlap(whole, boot.reserved, boot.reserved_count) == nullptr &&
                       first_overlap(whole, boot.boot_data, boot.boot_data_count) == nullptr;
  }
  lend_high_memory();
  for (u32 index = 0; index < section_limit(); ++index) {
    if (section_at(index).deferred) count_deferred_section(index, 1);
  }
}

// What the vmemmap window can't describe is not used, and nobody should have to guess why.
void report_memory_beyond() {
  const BootMemory& boot = boot_memory();
  const u64 end = u64{section_limit()} << kSectionShift;
  u64 beyond = 0;
  for (u32 i = 0; i < boot.usable_count; ++i) {
    const PhysicalRange& range = boot.usable[i];
    if (range.end() > end) beyond += range.end() - (range.base > end ? range.base : end);
  }
  if (beyond == 0) return;
  print("mm: %u MiB of RAM lie above %u MiB; the kernel's address space has no room for their mem_map: left unused\n",
        static_cast<u32>(beyond / kMiB), static_cast<u32>(end / kMiB));
}

void drop_section(u32 index) {
  Section& section = section_at(index);
  print("mm: section %u: no room for its mem_map among %u KiB; left unused\n", index, section.present_pages * 4);
  zone_at(section.zone).present_pages -= section.present_pages;
  section = Section{};
}

}  // namespace

void init(const BootMemory& memory) {
  boot_memory() = memory;
  poison_is_on = memory.poison;
  normalise_usable();
  place_early_pool();
  set_table_pages({allocate_table_page, release_table_page});
  declare_sections();
  for (u32 index = 0; index < section_limit(); ++index) {
    const Section& section = section_at(index);
    if (section.state != SectionState::kOnline || section.deferred) continue;
    if (!populate_section(index)) {
      if (index == 0)
        panic("not enough memory to start: %u KiB below 128 MiB don't hold their own mem_map",
              section.present_pages * 4);
      drop_section(index);
    }
  }
  const EarlyPool rest = early;
  early.left = 0;
  if (rest.left > 0) release_boot_data(phys_of(rest.next).value, rest.left * kPageSize);
  set_watermarks();
  report_memory_beyond();
  print("mm:");
  for (u32 i = 0; i < kZoneCount; ++i) {
    const Zone& zone = zone_at(static_cast<ZoneId>(i));
    if (zone.present_pages > 0) print(" %s %u KiB", zone_name(static_cast<ZoneId>(i)), zone.managed_pages * 4);
  }
  print(" in %u sections\n", section_count());
}

void release_boot_data(u64 base, u64 size) {
  BootMemory& boot = boot_memory();
  for (u32 i = 0; i < boot.boot_data_count; ++i) {
    if (boot.boot_data[i].base != base || boot.boot_data[i].size != size) continue;
    boot.boot_data[i] = boot.boot_data[--boot.boot_data_count];
    break;
  }
  const PhysicalRange released{base, size, nullptr};
  const u32 end = static_cast<u32>((released.end() + kPageMask) >> kPageShift);
  for (u32 f = static_cast<u32>(base >> kPageShift); f < end; ++f) {
    const Pfn frame{f};
    if (!frame_has_page(frame) || page_of(frame)->use != PageUse::kBoot) continue;
    const PhysicalRange whole{phys_of(frame).value, kPageSize, nullptr};
    const PhysicalRange* other = first_overlap(whole, boot.boot_data, boot.boot_data_count);
    // The early pool is given back in part: it may be named by the range that contains this one.
    if (other != nullptr && !(other->base <= base && other->end() >= released.end())) continue;
    page_of(frame)->use = PageUse::kTail;
    page_of(frame)->owner = nullptr;
    manage_range(frame, 1);
  }
}

}  // namespace ido::mm
