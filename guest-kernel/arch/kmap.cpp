#include "arch/kmap.hpp"

#include "arch/cpu.hpp"
#include "arch/kernel_tables.hpp"
#include "base/bits.hpp"
#include "lib/print.hpp"
#include "lib/string.hpp"

namespace ido {

namespace {
u32 slots_in_use;
u32 next_ioremap = layout::kVmalloc;

u32 address_of(const void* p) { return static_cast<u32>(reinterpret_cast<uintptr_t>(p)); }
}  // namespace

Kmap::Kmap(Pfn frame) {
  if (in_low_memory(frame)) {
    bytes_ = static_cast<u8*>(low_address(frame));
    return;
  }
  if (slots_in_use == layout::kKmapSlots) panic("all %u kmap slots are in use", layout::kKmapSlots);
  const u32 slot = slots_in_use++;
  set_kmap_slot(slot, phys_of(frame).value);
  bytes_ = reinterpret_cast<u8*>(layout::kKmap + slot * kPageSize);
}

Kmap::~Kmap() {
  const u32 address = address_of(bytes_);
  if (address < layout::kKmap) return;
  const u32 slot = (address - layout::kKmap) / kPageSize;
  if (slot + 1 != slots_in_use) panic("kmap slot %u given back while slot %u is in use", slot, slots_in_use - 1);
  --slots_in_use;
  set_kmap_slot(slot, 0);
  invalidate_page(address);
}

u32 kmaps_in_use() { return slots_in_use; }

void zero_frame(Pfn frame) {
  const Kmap map(frame);
  memset(map.bytes(), 0, kPageSize);
}

void copy_frame(Pfn to, Pfn from) {
  const Kmap source(from);
  const Kmap target(to);
  memcpy(target.bytes(), source.bytes(), kPageSize);
}

void* ioremap(u64 physical, u32 size) {
  const u32 offset = static_cast<u32>(physical & kPageMask);
  const u32 bytes = align_up<u32>(offset + size, kPageSize);
  if (size == 0 || bytes < size || bytes > layout::kVmallocEnd - next_ioremap) return nullptr;
  const u32 start = next_ioremap;
  for (u32 done = 0; done < bytes; done += kPageSize) {
    const Pfn frame = pfn_of(GuestPhys{physical - offset + done});
    if (!map_kernel(start + done, frame, pte::kWrite | pte::kCacheDisable | pte::kWriteThrough | no_execute_bit()))
      return nullptr;
  }
  next_ioremap += bytes;
  return reinterpret_cast<void*>(start + offset);
}

}  // namespace ido
