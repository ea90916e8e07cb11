// Who is told what of memory.
#include <algorithm>

#include "memory/physical_memory.hpp"

namespace paemu {

void PhysicalMemory::start_watching(Pfn frame) {
  flags(frame) |= frame_flag::kHasCode;
  for (MemoryObserver* o : observers_) o->on_frame_watched(frame);
}

void PhysicalMemory::unwatch_frame(Pfn frame) {
  if (std::any_of(observers_.begin(), observers_.end(), [&](const MemoryObserver* o) { return o->watches(frame); }))
    return;
  flags(frame) &= static_cast<u8>(~frame_flag::kHasCode);
}

void PhysicalMemory::report_watched_store(GuestPhys address, u32 size) {
  for (MemoryObserver* o : observers_) o->on_code_written(address, size);
}

void PhysicalMemory::report_mapping(GuestPhys base, u64 size) {
  for (MemoryObserver* o : observers_) o->on_mapping_changed(pfn_of(base), size >> kPageShift);
}

}  // namespace paemu
