// The slow side of PhysicalMemory: copies that cross pages, for devices, loaders and monitors.
#include <algorithm>
#include <cstring>

#include "memory/physical_memory.hpp"

namespace paemu {

namespace {

// Calls piece(address, offset in the transfer, bytes) for each page's part of [address, address + size), until one
// returns false. False too when the range wraps.
template <class Piece>
bool each_page(GuestPhys address, u64 size, Piece&& piece) {
  if (address.value + size < address.value) return false;
  for (u64 done = 0; done < size;) {
    const GuestPhys at = address + done;
    const u64 bytes = std::min<u64>(size - done, kPageSize - (at.value & kPageMask));
    if (!piece(at, done, bytes)) return false;
    done += bytes;
  }
  return true;
}

}  // namespace

bool PhysicalMemory::read(GuestPhys address, std::span<u8> out) const {
  const bool backed = each_page(address, out.size(), [&](GuestPhys at, u64, u64) { return host_page(at) != nullptr; });
  return backed && each_page(address, out.size(), [&](GuestPhys at, u64 done, u64 bytes) {
           if (untouched(at))
             std::memset(out.data() + done, 0, bytes);
           else
             std::memcpy(out.data() + done, host_page(at) + (at.value & kPageMask), bytes);
           return true;
         });
}

bool PhysicalMemory::write(GuestPhys address, std::span<const u8> data) {
  const bool backed =
      each_page(address, data.size(), [&](GuestPhys at, u64, u64) { return host_page(at) != nullptr && !is_rom(at); });
  return backed && each_page(address, data.size(), [&](GuestPhys at, u64 done, u64 bytes) {
           mark_written(pfn_of(at));
           std::memcpy(host_page(at) + (at.value & kPageMask), data.data() + done, bytes);
           report_store(at, static_cast<u32>(bytes));
           return true;
         });
}

void PhysicalMemory::clear_ram() {
  for (const auto& dimm : dimms_) {
    const DimmSpec& spec = dimm->spec();
    dimm->clear();
    report_mapping(spec.base, spec.size);
    flags_.clear(pfn_of(spec.base).value, spec.size >> kPageShift);
  }
  if (video_ != nullptr) clear_video();
  touched_chunks_.clear();
  dirty_chunks_.clear();
  ++mapping_generation_;
}

}  // namespace paemu
