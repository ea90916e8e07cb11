#include "memory/physical_memory.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>

#include "base/bits.hpp"
#include "base/hex_text.hpp"
#include "base/size_text.hpp"

namespace paemu {

namespace {

bool overlap(GuestPhys a, u64 a_size, GuestPhys b, u64 b_size) { return a < b + b_size && b < a + a_size; }

}  // namespace

PhysicalMemory::PhysicalMemory(u32 physical_bits)
    : physical_bits_(physical_bits),
      chunks_(u64{1} << (physical_bits - kChunkShift)),
      flags_((u64{1} << (physical_bits - kPageShift)) + (kMostVideo >> kPageShift)),
      dirty_chunks_(chunks_.size() + (kMostVideo >> kChunkShift)),
      touched_chunks_(chunks_.size() + (kMostVideo >> kChunkShift)) {
  assert(physical_bits >= 32 && physical_bits <= 40);
}

PhysicalMemory::~PhysicalMemory() = default;

void PhysicalMemory::cut_hole(GuestPhys base, u64 size) {
  assert(dimms_.empty() && size > 0 && is_aligned(base.value | size, u64{kPageSize}));
  assert(base.value >> kChunkShift == (base.value + size - 1) >> kChunkShift);
  holes_.push_back(Hole{base, size});
}

bool PhysicalMemory::in_hole(GuestPhys address) const {
  for (const Hole& hole : holes_) {
    if (address >= hole.base && address - hole.base < hole.size) return true;
  }
  return shadow_at(address) != nullptr;
}

Or<> PhysicalMemory::check_place(const DimmSpec& spec) const {
  const u64 limit = u64{1} << physical_bits_;
  if (spec.size == 0) return fail("DIMM \"" + spec.id + "\" has size zero");
  if (!is_aligned(spec.base.value | spec.size, kMiB)) {
    return fail("base and size of DIMM \"" + spec.id + "\" must be multiples of 1M");
  }
  if (spec.base.value > limit || spec.size > limit - spec.base.value) {
    return fail("DIMM \"" + spec.id + "\" at " + hex_text(spec.base.value) + " reaches beyond the " +
                std::to_string(physical_bits_) + "-bit physical address space");
  }
  for (const auto& dimm : dimms_) {
    const DimmSpec& other = dimm->spec();
    if (other.id == spec.id) return fail("DIMM id \"" + spec.id + "\" is in use");
    if (overlap(spec.base, spec.size, other.base, other.size)) {
      return fail("DIMM \"" + spec.id + "\" at " + hex_text(spec.base.value) + " overlaps DIMM \"" + other.id +
                  "\" at " + hex_text(other.base.value));
    }
    if (spec.socket == Socket::Hotplug && other.socket == Socket::Hotplug && spec.slot == other.slot) {
      return fail("slot " + std::to_string(spec.slot) + " holds DIMM \"" + other.id + "\"");
    }
  }
  for (const auto& rom : roms_) {
    if (overlap(spec.base, spec.size, rom->base, rom->size) && !in_hole(rom->base)) {
      return fail("DIMM \"" + spec.id + "\" at " + hex_text(spec.base.value) + " overlaps the " + rom->name + " at " +
                  hex_text(rom->base.value));
    }
  }
  return {};
}

void PhysicalMemory::set_page(GuestPhys address, u8* host) {
  Chunk& chunk = chunks_[address.value >> kChunkShift];
  assert(chunk.host == nullptr);
  if (chunk.pages == nullptr) chunk.pages = std::make_unique<u8*[]>(kPagesPerChunk);
  chunk.pages[(address.value >> kPageShift) % kPagesPerChunk] = host;
}

void PhysicalMemory::map_dimm(const Dimm& dimm) {
  const GuestPhys base = dimm.spec().base;
  for (u64 offset = 0; offset < dimm.spec().size;) {
    const GuestPhys address = base + offset;
    Chunk& chunk = chunks_[address.value >> kChunkShift];
    const bool whole = is_aligned(address.value, kChunkSize) && dimm.spec().size - offset >= kChunkSize;
    const auto here = [&](GuestPhys a) { return a.value >> kChunkShift == address.value >> kChunkShift; };
    const bool holed = std::any_of(holes_.begin(), holes_.end(), [&](const Hole& h) { return here(h.base); }) ||
                       std::any_of(shadows_.begin(), shadows_.end(), [&](const auto& s) { return here(s->base); });
    if (whole && !holed && chunk.pages == nullptr) {
      chunk.host = dimm.host() + offset;
      offset += kChunkSize;
    } else {
      if (!in_hole(address)) set_page(address, dimm.host() + offset);
      offset += kPageSize;
    }
  }
  for (const auto& shadow : shadows_) {
    if (dimm.contains(shadow->base)) shadow->ram = dimm.host() + (shadow->base - base);
  }
}

void PhysicalMemory::unmap_dimm(const Dimm& dimm) {
  const GuestPhys base = dimm.spec().base;
  for (u64 offset = 0; offset < dimm.spec().size;) {
    const GuestPhys address = base + offset;
    Chunk& chunk = chunks_[address.value >> kChunkShift];
    if (chunk.host != nullptr) {
      chunk.host = nullptr;
      offset += kChunkSize;
    } else {
      if (!in_hole(address)) set_page(address, nullptr);
      offset += kPageSize;
    }
  }
  for (const auto& shadow : shadows_) assert(!dimm.contains(shadow->base));  // the boot RAM stays
  flags_.clear(pfn_of(base).value, dimm.spec().size >> kPageShift);
}

Or<Dimm*> PhysicalMemory::insert(const DimmSpec& spec) {
  TRY(check_place(spec));
  std::unique_ptr<Dimm> dimm;
  try {
    dimm = std::make_unique<Dimm>(spec);
  } catch (const std::bad_alloc&) {
    return fail("the host has no address space left for DIMM \"" + spec.id + "\" of " + size_text(spec.size));
  }
  Dimm* inserted = dimm.get();
  map_dimm(*inserted);
  const auto place =
      std::find_if(dimms_.begin(), dimms_.end(), [&](const auto& d) { return d->spec().base > spec.base; });
  dimms_.insert(place, std::move(dimm));
  ++mapping_generation_;
  report_mapping(spec.base, spec.size);
  return inserted;
}

Or<> PhysicalMemory::remove(const std::string& id) {
  const auto place = std::find_if(dimms_.begin(), dimms_.end(), [&](const auto& d) { return d->spec().id == id; });
  if (place == dimms_.end()) return fail("there is no DIMM \"" + id + "\"");
  const std::unique_ptr<Dimm> removed = std::move(*place);
  dimms_.erase(place);
  unmap_dimm(*removed);
  ++mapping_generation_;
  // The host memory goes only when the last pointer to it is forgotten.
  report_mapping(removed->spec().base, removed->spec().size);
  return {};
}

Dimm* PhysicalMemory::find(const std::string& id) const {
  for (const auto& dimm : dimms_) {
    if (dimm->spec().id == id) return dimm.get();
  }
  return nullptr;
}

void PhysicalMemory::map_rom(GuestPhys base, std::span<const u8> image, std::string name) {
  assert(!image.empty() && is_aligned(base.value | image.size(), u64{kPageSize}));
  if (Shadow* shadow = shadow_at(base); shadow != nullptr) {
    std::memcpy(shadow->rom.data() + (base - shadow->base), image.data(), image.size());
    return;
  }
  roms_.push_back(std::make_unique<Rom>(base, image.size(), std::move(name)));
  u8* host = roms_.back()->memory.data();
  std::memcpy(host, image.data(), image.size());
  for (u64 offset = 0; offset < image.size(); offset += kPageSize) {
    assert(host_page(base + offset) == nullptr);
    set_page(base + offset, host + offset);
  }
}

bool PhysicalMemory::show_page(const u8* host, HostWindow& window, u32 linear, bool writable) const {
  const auto holds = [host](const auto& dimm) { return host >= dimm->host() && host < dimm->host() + dimm->spec().size; };
  const auto found = std::ranges::find_if(dimms_, holds);
  if (found == dimms_.end()) return false;
  return window.show(linear, (*found)->memory(), static_cast<u64>(host - (*found)->host()), writable);
}

bool PhysicalMemory::in_rom(GuestPhys address) const {
  if (const Shadow* shadow = shadow_at(address); shadow != nullptr) {
    const Shadow::Page& page = shadow->page(address);
    return page.reads == Answers::kRom || page.writes == Answers::kRom;
  }
  for (const auto& rom : roms_) {
    if (address >= rom->base && address - rom->base < rom->size) return true;
  }
  return false;
}

}  // namespace paemu
