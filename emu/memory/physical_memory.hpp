// PhysicalMemory: the RAM and ROM of the guest's physical address space. All RAM is in DIMMs.
//
// Finds the host page of a guest frame in O(1), keeps one byte of flags a frame, and tells observers when a mapping
// goes or a watched frame is written. Host memory is committed by the first touch of the guest; reading a page that
// was never written reads zeroes.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/types.hpp"
#include "memory/dimm.hpp"

namespace paemu {

// Flags of a frame. A store may take the fast path only to a frame that has kDirty set and kHasCode clear.
namespace frame_flag {
inline constexpr u8 kHasCode = 1u << 0;  // decoded blocks come from this frame: stores must be reported
inline constexpr u8 kDirty = 1u << 1;    // written since the last checkpoint
inline constexpr u8 kTouched = 1u << 2;  // written since the DIMM was inserted: may be non-zero
}  // namespace frame_flag

class MemoryObserver {
 public:
  // Frames [first, first + count) are no longer backed as before: forget host pointers to them and code from them.
  virtual void on_mapping_changed(Pfn first, u64 count) = 0;
  // Bytes in a frame with kHasCode are about to be, or have just been, written (by a processor or by a device).
  virtual void on_code_written(GuestPhys address, u32 size) = 0;
  // Dirty flags were cleared (a checkpoint): fast-path stores must pass mark_written() once more a frame.
  virtual void on_dirty_cleared() = 0;

 protected:
  ~MemoryObserver() = default;
};

class PhysicalMemory {
 public:
  // physical_bits: 32 to 40.
  explicit PhysicalMemory(u32 physical_bits);
  ~PhysicalMemory();

  u32 physical_bits() const { return physical_bits_; }

  // --- DIMMs. Errors: no free slot, overlap, misaligned, beyond the address width, id in use.
  Or<Dimm*> insert(const DimmSpec& spec);
  // Returns the host memory at once. Afterwards the range reads as unmapped.
  Or<> remove(const std::string& id);
  Dimm* find(const std::string& id);
  const std::vector<std::unique_ptr<Dimm>>& dimms() const { return dimms_; }

  // --- ROM: `image` is copied; stores are ignored. base and size are multiples of 4096.
  void map_rom(GuestPhys base, std::span<const u8> image, std::string name);

  // --- The fast side, for mmu.
  // The host address of the page that holds `address`, or nullptr (device or nothing).
  u8* host_page(GuestPhys address) const {
    const u64 chunk = address.value >> kChunkShift;
    if (chunk >= chunks_.size()) return nullptr;
    const Chunk& c = chunks_[chunk];
    return c.pages != nullptr ? c.pages[(address.value >> kPageShift) & (kPagesPerChunk - 1)] : (c.host != nullptr ? c.host + (address.value & (kChunkSize - 1) & ~u64{kPageMask}) : nullptr);
  }
  bool is_rom(GuestPhys address) const;
  // The flags byte of a frame that is RAM. Undefined elsewhere.
  u8& flags(Pfn frame) const { return flags_[frame.value]; }
  // Call before the first fast store to a frame: sets kDirty and kTouched.
  void mark_written(Pfn frame) const { flags_[frame.value] |= frame_flag::kDirty | frame_flag::kTouched; }

  // --- The slow side, for devices (DMA), firmware loading, snapshots and the monitor. Crosses pages freely.
  // Returns false, having done nothing, when any byte is not RAM (read: RAM or ROM).
  bool read(GuestPhys address, std::span<u8> out) const;
  bool write(GuestPhys address, std::span<const u8> data);

  void set_observer(MemoryObserver* observer) { observer_ = observer; }
  MemoryObserver* observer() const { return observer_; }

  // Clears kDirty of every frame after calling visit(frame, host page) for each that has it, in ascending order.
  template <class Visit>
  void drain_dirty(Visit&& visit);

  // Calls visit(frame, host page) for each frame with kTouched, in ascending order.
  template <class Visit>
  void for_each_touched(Visit&& visit) const;

 private:
  static constexpr u32 kChunkShift = 21;
  static constexpr u64 kChunkSize = u64{1} << kChunkShift;
  static constexpr u32 kPagesPerChunk = 1u << (kChunkShift - kPageShift);
  struct Chunk {
    u8* host = nullptr;                    // the whole chunk is one DIMM's, contiguous
    std::unique_ptr<u8*[]> pages;          // or: page by page (the first MiB, the firmware)
  };

  u32 physical_bits_;
  std::vector<Chunk> chunks_;
  u8* flags_ = nullptr;  // one byte a frame of the whole address space, lazily committed
  std::vector<std::unique_ptr<Dimm>> dimms_;
  MemoryObserver* observer_ = nullptr;
};

}  // namespace paemu
