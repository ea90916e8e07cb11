// Video memory: where it is shown, and its frames' flags, which are kept at its home.
#include <cassert>

#include "base/bits.hpp"
#include "memory/physical_memory.hpp"

namespace paemu {

void PhysicalMemory::add_video(u64 size) {
  assert(video_ == nullptr && is_power_of_two(size) && size >= kChunkSize && size <= kMostVideo);
  video_ = std::make_unique<HostMapping>(size);
}

void PhysicalMemory::show_video(std::optional<GuestPhys> base) {
  assert(!base || (is_aligned(base->value, video_size()) && base->value >> physical_bits_ == 0));
  const u32 wanted = base ? pfn_of(*base).value : kNowhere;
  if (wanted == video_shown_) return;
  const u32 frames = static_cast<u32>(video_size() >> kPageShift);
  const auto change = [&](u32 first, bool shown) {
    for (u64 offset = 0; offset < video_size(); offset += kChunkSize) {
      Chunk& chunk = chunks_[(phys_of(Pfn{first}) + offset).value >> kChunkShift];
      u8* const here = video_->data() + offset;
      if (shown && chunk.host == nullptr && chunk.pages == nullptr) chunk.host = here;
      if (!shown && chunk.host == here) {
        chunk.host = nullptr;
        flags_.clear(first + (offset >> kPageShift), kPagesPerChunk);
      }
    }
    report_mapping(phys_of(Pfn{first}), video_size());
  };
  if (video_shown_ != kNowhere) change(video_shown_, false);
  video_shown_ = wanted;
  video_frames_ = base ? frames : 0;
  if (base) change(wanted, true);
}

void PhysicalMemory::clear_video() {
  video_->clear(0, video_size());
  flags_.clear(video_home().value, video_size() >> kPageShift);
  if (video_shown_ == kNowhere) return;
  flags_.clear(video_shown_, video_frames_);
  report_mapping(phys_of(Pfn{video_shown_}), video_size());
}

void PhysicalMemory::report_video_code(u64 offset) {
  const Pfn shown{video_shown_ + static_cast<u32>(offset >> kPageShift)};
  report_store(phys_of(shown), kPageSize);
}

}  // namespace paemu
