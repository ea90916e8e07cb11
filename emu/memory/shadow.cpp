// RAM that a ROM covers, and which of the two answers.
#include <algorithm>
#include <cassert>
#include <cstring>

#include "base/bits.hpp"
#include "memory/physical_memory.hpp"

namespace paemu {

void PhysicalMemory::add_shadow(GuestPhys base, u64 size) {
  assert(dimms_.empty() && size > 0 && is_aligned(base.value | size, u64{kPageSize}));
  assert(base.value >> kChunkShift == (base.value + size - 1) >> kChunkShift);
  shadows_.push_back(std::make_unique<Shadow>(base, size));
  std::memset(shadows_.back()->rom.data(), 0xff, size);
  show(*shadows_.back());
}

PhysicalMemory::Shadow* PhysicalMemory::shadow_at(GuestPhys address) const {
  for (const auto& shadow : shadows_) {
    if (shadow->contains(address)) return shadow.get();
  }
  return nullptr;
}

void PhysicalMemory::show(const Shadow& shadow) {
  for (u64 offset = 0; offset < shadow.size; offset += kPageSize) {
    const bool ram = shadow.page(shadow.base + offset).reads == Answers::kRam && shadow.ram != nullptr;
    set_page(shadow.base + offset, (ram ? shadow.ram : shadow.rom.data()) + offset);
  }
}

void PhysicalMemory::set_shadow(GuestPhys base, u64 size, Answers reads, Answers writes) {
  Shadow* shadow = shadow_at(base);
  assert(shadow != nullptr && shadow->contains(base + (size - 1)) && is_aligned(base.value | size, u64{kPageSize}));
  bool changed = false;
  for (u64 offset = 0; offset < size; offset += kPageSize) {
    Shadow::Page& page = shadow->pages[(base + offset - shadow->base) >> kPageShift];
    changed = changed || page.reads != reads || page.writes != writes;
    page = {reads, writes};
  }
  if (!changed) return;
  show(*shadow);
  ++mapping_generation_;
  report_mapping(base, size);
}

u8* PhysicalMemory::ram_page(GuestPhys address) const {
  if (pfn_of(address) >= video_home()) return video_->data() + (address - phys_of(video_home()));
  const Shadow* shadow = address.value < kChunkSize ? shadow_at(address) : nullptr;
  if (shadow == nullptr) return host_page(address);
  return shadow->ram == nullptr ? nullptr : shadow->ram + ((address - shadow->base) & ~u64{kPageMask});
}

void PhysicalMemory::write_behind(GuestPhys address, const void* data, u32 size) {
  const Shadow* shadow = shadow_at(address);
  if (shadow == nullptr || shadow->ram == nullptr || shadow->page(address).writes == Answers::kRom) return;
  mark_written(pfn_of(address));
  std::memcpy(shadow->ram + (address - shadow->base), data, size);
}

bool PhysicalMemory::restore_page(Pfn frame, std::span<const u8> page) {
  const GuestPhys address = phys_of(frame);
  if (page.size() != kPageSize || frame.value >= frames()) return false;
  if (frame < video_home() && shadow_at(address) == nullptr) return write(address, page);
  u8* ram = ram_page(address);
  if (ram == nullptr) return false;
  mark_written(frame);
  std::memcpy(ram, page.data(), kPageSize);
  return true;
}

}  // namespace paemu
