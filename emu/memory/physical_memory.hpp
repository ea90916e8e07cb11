// PhysicalMemory: the RAM and ROM of the guest's physical address space. All RAM is in DIMMs.
//
// Finds the host page of a guest frame in O(1), keeps one byte of flags a frame, and tells observers when a mapping
// goes or a watched frame is written. Host memory is committed by the first touch of the guest; reading a page that
// was never written reads zeroes.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/types.hpp"
#include "memory/chunk_set.hpp"
#include "memory/dimm.hpp"
#include "memory/host_mapping.hpp"
#include "memory/host_window.hpp"

namespace paemu {

// Flags of a frame. A store may take the fast path only to a frame that has kDirty set and kHasCode clear.
namespace frame_flag {
inline constexpr u8 kHasCode = 1u << 0;  // an observer watches this frame, as code comes from it: stores are reported
inline constexpr u8 kDirty = 1u << 1;    // written since the last checkpoint
inline constexpr u8 kTouched = 1u << 2;  // written since the DIMM was inserted: may be non-zero
}  // namespace frame_flag

// Who keeps what it read from memory: one a processor. Each is told of every change, whoever made it.
class MemoryObserver {
 public:
  // Frames [first, first + count) are no longer backed as before: forget host pointers to them and code from them.
  virtual void on_mapping_changed(Pfn first, u64 count) = 0;
  // Bytes in a frame with kHasCode are about to be, or have just been, written (by a processor or by a device).
  virtual void on_code_written(GuestPhys address, u32 size) = 0;
  // Dirty flags were cleared (a checkpoint): fast-path stores must pass mark_written() once more a frame.
  virtual void on_dirty_cleared() = 0;
  // The frame got kHasCode: stores to it must take the slow path from now on.
  virtual void on_frame_watched(Pfn) {}
  // Does it still have to be told of stores to this frame?
  virtual bool watches(Pfn) const { return false; }

 protected:
  ~MemoryObserver() = default;
};

class PhysicalMemory {
 public:
  // physical_bits: 32 to 40.
  explicit PhysicalMemory(u32 physical_bits);
  ~PhysicalMemory();
  PhysicalMemory(const PhysicalMemory&) = delete;
  PhysicalMemory& operator=(const PhysicalMemory&) = delete;

  u32 physical_bits() const { return physical_bits_; }

  // Addresses that no DIMM decodes, though one may lie around them (the PC's 0xa0000-0xfffff). base and size are
  // multiples of 4096 within one 2 MiB chunk. Before any insert().
  void cut_hole(GuestPhys base, u64 size);

  // RAM that a ROM covers (the PC's 0xc0000-0xfffff): set_shadow() chooses which of the two answers. At first it is the
  // ROM for both; where map_rom() puts none there, it reads as all ones. As cut_hole().
  void add_shadow(GuestPhys base, u64 size);
  enum class Answers : u8 { kRom, kRam };
  // [base, base + size): pages within one shadow. A write that goes to the ROM is ignored.
  void set_shadow(GuestPhys base, u64 size, Answers reads, Answers writes);

  // --- DIMMs. Errors: overlap, misaligned, beyond the address width, slot or id in use, no host memory.
  Or<Dimm*> insert(const DimmSpec& spec);
  // Returns the host memory at once. Afterwards the range reads as unmapped. Error: no such DIMM.
  Or<> remove(const std::string& id);
  Dimm* find(const std::string& id) const;
  // In ascending order of their bases.
  const std::vector<std::unique_ptr<Dimm>>& dimms() const { return dimms_; }
  // Counts insertions, removals and clear_ram(): what is cached about frames holds while this does.
  u64 mapping_generation() const { return mapping_generation_; }

  // --- ROM: `image` is copied; stores are ignored. base and size are multiples of 4096; overlap with RAM asserts.
  void map_rom(GuestPhys base, std::span<const u8> image, std::string name);

  // --- Video memory: the frame buffer of a display controller, which its base address shows to the guest somewhere.
  // Wherever that is, its pages are hashed and saved as the frames from video_home() on, which no guest can address.
  void add_video(u64 size);  // a power of two, of 2 MiB or more; once, at first shown nowhere
  u8* video() const { return video_->data(); }
  u64 video_size() const { return video_ != nullptr ? video_->size() : 0; }
  // base: a multiple of its size below the end of the address space. Where RAM or ROM lies, that answers.
  void show_video(std::optional<GuestPhys> base);
  // The device has written, or is about to write, within the 4 KiB at this offset.
  void mark_video_written(u64 offset) {
    const Pfn home{video_home().value + static_cast<u32>(offset >> kPageShift)};
    constexpr u8 kBoth = frame_flag::kDirty | frame_flag::kTouched;
    if ((flags(home) & kBoth) != kBoth) mark_written(home);
    if (video_shown_ != kNowhere) report_video_code(offset);
  }
  Pfn video_home() const { return Pfn{1u << (physical_bits_ - kPageShift)}; }
  // Frames of the address space and of video memory: all that flags() has.
  u64 frames() const { return (u64{1} << (physical_bits_ - kPageShift)) + (video_size() >> kPageShift); }

  // --- The fast side, for mmu.
  // The host address of the page that holds `address`, or nullptr (device or nothing).
  u8* host_page(GuestPhys address) const {
    const u64 chunk = address.value >> kChunkShift;
    if (chunk >= chunks_.size()) return nullptr;
    const Chunk& c = chunks_[chunk];
    if (c.host != nullptr) return c.host + (address.value & (kChunkSize - kPageSize));
    return c.pages != nullptr ? c.pages[(address.value >> kPageShift) % kPagesPerChunk] : nullptr;
  }
  bool is_rom(GuestPhys address) const {
    // ROM lies in chunks that are mapped page by page; most addresses are not in one.
    const u64 chunk = address.value >> kChunkShift;
    return chunk < chunks_.size() && chunks_[chunk].pages != nullptr && in_rom(address);
  }
  // Shows a page of a DIMM, given by its host address, in a window, too. False: it is none of a DIMM, or the window
  // can't.
  bool show_page(const u8* host, HostWindow& window, u32 linear, bool writable) const;
  // RAM that was never written: it reads as zeroes, and whoever looks at it there makes the host commit it.
  // address: where host_page() finds something.
  bool untouched(GuestPhys address) const {
    const Pfn frame = pfn_of(address);
    return !(flags(frame) & frame_flag::kTouched) && frame.value - video_shown_ >= video_frames_ && !is_rom(address);
  }
  // The flags byte of a frame. Only frames of RAM are ever dirty or touched; of ROM too decoded blocks may come.
  // frame: below 2^(physical_bits - 12).
  u8& flags(Pfn frame) const { return flags_.data()[frame.value]; }
  // A store where is_rom(): reaches the RAM behind if set_shadow() said so, else nothing. Within one page.
  void write_behind(GuestPhys address, const void* data, u32 size);
  // Call before the first fast store to a frame of RAM: sets kDirty and kTouched.
  void mark_written(Pfn frame) {
    flags(frame) |= frame_flag::kDirty | frame_flag::kTouched;
    if (frame.value - video_shown_ < video_frames_) frame = Pfn{frame.value - video_shown_ + video_home().value};
    flags(frame) |= frame_flag::kDirty | frame_flag::kTouched;
    dirty_chunks_.add(frame.value / kPagesPerChunk);
    touched_chunks_.add(frame.value / kPagesPerChunk);
  }

  // --- The slow side, for devices (DMA), firmware loading, snapshots and the monitor. Crosses pages freely.
  // Returns false, having done nothing, when any byte is not RAM (read: RAM or ROM).
  bool read(GuestPhys address, std::span<u8> out) const;
  bool write(GuestPhys address, std::span<const u8> data);

  // Sets the contents of a frame of RAM, covered or not; from a snapshot. False: there is no RAM.
  bool restore_page(Pfn frame, std::span<const u8> page);

  // Makes all RAM and video memory zero and untouched, and returns it to the host.
  void clear_ram();

  // --- Observers, in the order in which they were added.
  void add_observer(MemoryObserver& observer) { observers_.push_back(&observer); }
  void remove_observer(MemoryObserver& observer) { std::erase(observers_, &observer); }
  // From now on observers are told of stores to this frame of RAM.
  void watch_frame(Pfn frame) {
    if ((flags(frame) & frame_flag::kHasCode) == 0) start_watching(frame);
  }
  // An observer lost interest in the frame: when none is left, stores to it are fast again.
  void unwatch_frame(Pfn frame);
  // To be called after a store. Within one page.
  void report_store(GuestPhys address, u32 size) {
    if ((flags(pfn_of(address)) & frame_flag::kHasCode) != 0) [[unlikely]]
      report_watched_store(address, size);
  }

  // Clears kDirty of every frame after calling visit(frame, page of RAM) for each that has it, in ascending order.
  // Takes time in proportion to the 2 MiB chunks written since the last time, not to the size of RAM.
  template <class Visit>
  void drain_dirty(Visit&& visit) {
    visit_frames(dirty_chunks_, frame_flag::kDirty, [&](Pfn frame, u8* page) {
      visit(frame, page);
      flags(frame) &= static_cast<u8>(~frame_flag::kDirty);
      if (frame >= video_home() && video_shown_ != kNowhere) {
        flags(Pfn{frame.value - video_home().value + video_shown_}) &= static_cast<u8>(~frame_flag::kDirty);
      }
    });
    dirty_chunks_.clear();
    for (MemoryObserver* o : observers_) o->on_dirty_cleared();
  }

  // Calls visit(frame, host page) for each frame with kTouched, in ascending order. Cost as drain_dirty.
  template <class Visit>
  void for_each_touched(Visit&& visit) const {
    visit_frames(touched_chunks_, frame_flag::kTouched, visit);
  }

 private:
  static constexpr u32 kChunkShift = 21;
  static constexpr u64 kChunkSize = u64{1} << kChunkShift;
  static constexpr u32 kPagesPerChunk = 1u << (kChunkShift - kPageShift);
  static constexpr u64 kMostVideo = 64 * kMiB;
  struct Chunk {
    u8* host = nullptr;            // the whole chunk is one DIMM's, contiguous
    std::unique_ptr<u8*[]> pages;  // or: page by page (the first MiB, the firmware)
  };
  struct Rom {
    Rom(GuestPhys b, u64 s, std::string n) : base(b), size(s), name(std::move(n)), memory(s) {}
    GuestPhys base;
    u64 size;
    std::string name;  // for messages: "firmware"
    HostMapping memory;
  };
  struct Hole {
    GuestPhys base;
    u64 size;
  };
  struct Shadow {
    Shadow(GuestPhys b, u64 s) : base(b), size(s), rom(s), pages(s >> kPageShift) {}
    bool contains(GuestPhys a) const { return a >= base && a - base < size; }
    GuestPhys base;
    u64 size;
    HostMapping rom;
    u8* ram = nullptr;  // of the DIMM around it
    struct Page {
      Answers reads = Answers::kRom, writes = Answers::kRom;
    };
    std::vector<Page> pages;
    const Page& page(GuestPhys a) const { return pages[(a - base) >> kPageShift]; }
  };

  template <class Visit>
  void visit_frames(const ChunkSet& chunks, u8 flag, Visit&& visit) const {
    chunks.for_each([&](u32 chunk) {
      const u32 first = chunk * kPagesPerChunk;
      for (u32 frame = first; frame < first + kPagesPerChunk; ++frame) {
        if ((flags(Pfn{frame}) & flag) != 0) visit(Pfn{frame}, ram_page(phys_of(Pfn{frame})));
      }
    });
  }

  Or<> check_place(const DimmSpec& spec) const;
  bool in_hole(GuestPhys address) const;
  bool in_rom(GuestPhys address) const;
  Shadow* shadow_at(GuestPhys address) const;
  u8* ram_page(GuestPhys address) const;  // also where a ROM covers it
  void show(const Shadow& shadow);
  void clear_video();
  void report_video_code(u64 offset);
  void set_page(GuestPhys address, u8* host);
  void map_dimm(const Dimm& dimm);
  void unmap_dimm(const Dimm& dimm);
  void start_watching(Pfn frame);
  void report_watched_store(GuestPhys address, u32 size);
  void report_mapping(GuestPhys base, u64 size);

  u32 physical_bits_;
  std::vector<Chunk> chunks_;
  HostMapping flags_;        // one byte a frame of the whole address space, then of video memory
  ChunkSet dirty_chunks_;    // a superset of the chunks with a frame that has kDirty
  ChunkSet touched_chunks_;  // the same for kTouched
  std::vector<Hole> holes_;
  std::vector<std::unique_ptr<Shadow>> shadows_;
  std::vector<std::unique_ptr<Rom>> roms_;
  std::vector<std::unique_ptr<Dimm>> dimms_;
  static constexpr u32 kNowhere = ~u32{0};
  std::unique_ptr<HostMapping> video_;
  u32 video_shown_ = kNowhere;  // the frame where it begins
  u32 video_frames_ = 0;        // 0: shown nowhere
  u64 mapping_generation_ = 0;
  std::vector<MemoryObserver*> observers_;
};

}  // namespace paemu
