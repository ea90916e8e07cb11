// Mmu: linear to physical, and every access of the processor to memory.
//
// Two layers. The *architectural* TLB is what the guest may notice: which translations are held is a function of the
// guest's own accesses and flushes only, never of where run slices end. On top of it the *fast* entries hold host
// addresses so that a hit costs a few host instructions; they are a subset of the architectural ones and can be dropped
// at any moment without the guest noticing (a DIMM went, a checkpoint cleared the dirty flags, code was decoded).
//
// Accesses return false when they fault, having changed nothing but accessed bits of page directory entries; the fault
// is in fault(). An access that crosses a page checks both pages before it touches either. Nothing here throws.
//
// Called by cpu, interp and jit. CpuState is read for CR0, CR3, CR4, PDPTEs and EFER; who changes one of those calls
// the flush that the manual demands (SDM 3A, 4.10.4.1), see paging_changed().
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "bus/mmio.hpp"
#include "cpu/fault.hpp"
#include "cpu/state.hpp"
#include "memory/physical_memory.hpp"
#include "mmu/address_space.hpp"
#include "mmu/page_walk.hpp"
#include "mmu/undo_log.hpp"

namespace paemu {

// Told around every access to a device, so that the engine can bring the clock up to date and look for new events.
class MmioListener {
 public:
  virtual void before_mmio() = 0;
  virtual void after_mmio() = 0;

 protected:
  ~MmioListener() = default;
};

// Told when pages of code that were at hand (fetch_hit) may no longer be: another page came in the place, a flush.
class FetchListener {
 public:
  virtual void on_code_pages_lost() = 0;

 protected:
  ~FetchListener() = default;
};

// Where the bytes of a page of code are. `host` is nullptr when they are not in RAM or ROM: use read_physical().
struct FetchPage {
  GuestPhys address;         // of the byte asked for, A20 applied
  const u8* host = nullptr;  // of the byte asked for; valid to the end of its page
};

// A data breakpoint (SDM 3B, 17.2): bytes [address, address + size).
struct Watchpoint {
  u32 address = 0;
  u32 size = 0;  // 0: off
  bool on_read = false;
};

// Host addresses of pages at hand, for one kind of access and one privilege; direct-mapped by page. Translated code
// reads these arrays itself (emu/jit), without touching the flags.
struct FastTable {
  // More than the pages of 8 MiB: copies between two places 4 or 8 MiB apart are common.
  static constexpr u32 kEntries = 4096;
  static constexpr u32 kFree = 1u << 20;  // of tag: no page's, nor any that sums to zero with one
  static u32 index_of(u32 linear) { return (linear >> kPageShift) & (kEntries - 1); }
  static u32 tag_of(u32 linear) { return 0u - (linear >> kPageShift); }

  u32 tag[kEntries];          // the page's number, negated
  u64 addend[kEntries] = {};  // host address of the page, less its linear one
  FastTable() { drop(); }
  void drop() { std::fill_n(tag, kEntries, kFree); }
  // One compare also refuses accesses that cross a page: the first byte's entry can't have the last byte's page.
  bool hit(u32 linear, u32 size) const { return tag[index_of(linear)] == tag_of(linear + size - 1); }
  u8* host(u32 linear) const { return reinterpret_cast<u8*>(addend[index_of(linear)] + linear); }
};

class Mmu {
 public:
  Mmu(const CpuState& state, PhysicalMemory& memory, MmioBus& mmio);

  // --- Data. T: trivially copyable, at most 16 bytes.
  template <class T>
  bool load(u32 linear, Privilege privilege, T& out) {
    const FastTable& t = fast(Access::kRead, privilege);
    if (t.hit(linear, sizeof(T))) [[likely]] {
      std::memcpy(&out, t.host(linear), sizeof(T));
      return true;
    }
    return load_slow(linear, privilege, &out, sizeof(T), Access::kRead);
  }

  template <class T>
  bool store(u32 linear, Privilege privilege, const T& value) {
    const FastTable& t = fast(Access::kWrite, privilege);
    if (t.hit(linear, sizeof(T))) [[likely]] {
      std::memcpy(t.host(linear), &value, sizeof(T));
      return true;
    }
    return store_slow(linear, privilege, &value, sizeof(T));
  }

  // The load of a read-modify-write: faults as the write would, before it reads. The store that follows can't fault.
  template <class T>
  bool load_for_write(u32 linear, Privilege privilege, T& out) {
    const FastTable& t = fast(Access::kWrite, privilege);
    if (t.hit(linear, sizeof(T))) [[likely]] {
      std::memcpy(&out, t.host(linear), sizeof(T));
      return true;
    }
    return load_slow(linear, privilege, &out, sizeof(T), Access::kWrite);
  }

  // Any size up to 4096 bytes, same rules: for FXSAVE, SSE operands, task state segments.
  bool load_bytes(u32 linear, Privilege privilege, void* out, u32 size) {
    const u8* host = host_pointer(linear, size, Access::kRead, privilege);
    if (host == nullptr) return load_slow(linear, privilege, out, size, Access::kRead);
    std::memcpy(out, host, size);
    return true;
  }
  bool store_bytes(u32 linear, Privilege privilege, const void* data, u32 size) {
    u8* host = host_pointer(linear, size, Access::kWrite, privilege);
    if (host == nullptr) return store_slow(linear, privilege, data, size);
    std::memcpy(host, data, size);
    return true;
  }
  // Would the access fault? Changes nothing, so that an instruction of several accesses can ask for all before the
  // first; after a yes they don't fault, unless one of them writes to the paging structures. size: 1 to 4096 bytes.
  bool probe(u32 linear, u32 size, Access access, Privilege privilege);
  // Is an operand aligned where alignment is checked? Accesses look themselves; this is for before a probe().
  bool check_alignment(u32 linear, u32 size, Privilege privilege) {
    return !alignment_check_ || !misaligned(linear, size, privilege);
  }

  // The host address for an access of `size` bytes if it needs no more than a host access, else nullptr. For string
  // instructions: one look a page. Valid until the next access, flush or device.
  u8* host_pointer(u32 linear, u32 size, Access access, Privilege privilege) const {
    const FastTable& t = fast(access, privilege);
    return t.hit(linear, size) ? t.host(linear) : nullptr;
  }

  const FastTable& fast(Access a, Privilege p) const { return fast_[static_cast<u32>(a)][static_cast<u32>(p)]; }

  // --- The window of user accesses (window.cpp): 4 GiB of the host's addresses in which translated code reaches pages
  // of the present page tables without a look here. What is not shown there is a fault of the host.
  u8* window_base() const;
  // Shows the page of `linear` if a user access to it needs no more than a host access. Call it after one.
  bool show_in_window(u32 linear);
  const HostWindow* window() const { return space_->window.get(); }  // nullptr: nothing was shown yet

  // The fault of the last access that returned false.
  const Fault& fault() const { return fault_; }

  // --- Code. Translates for execution; faults like an access.
  bool fetch(u32 linear, Privilege privilege, FetchPage& out);
  // The host address of the code byte if its translation is at hand, else nullptr: then call fetch().
  const u8* fetch_hit(u32 linear, Privilege privilege) const {
    const FastTable& t = fast(Access::kFetch, privilege);
    return t.hit(linear, 1) ? t.host(linear) : nullptr;
  }

  // --- Looking, without any side effect on the guest: for monitors and the debugger. No value: not mapped.
  std::optional<GuestPhys> translate(u32 linear) const;
  // RAM and ROM, then the device bus; all ones where nothing is.
  void read_physical(GuestPhys address, void* out, u32 size);

  // --- Flushes (SDM 3A, 4.10.4.1).
  // For people who compare kernels: what the guest did since this process began. Not part of its state.
  struct Counters {
    u64 table_loads = 0;  // of CR3
    u64 flushes = 0;      // of all but global entries, or of all
    u64 page_flushes = 0;
    u64 walks = 0;  // of page tables, for a translation that was not held
    u64 shown = 0;  // pages, in windows
  };
  Counters counters;
  void flush_all();             // global pages too; a snapshot does this, in the live run as well
  void flush_non_global(u64 now);  // MOV to CR3; now: instructions retired
  void flush_page(u32 linear);  // INVLPG; all of a large page
  // After CR0, CR4 or EFER changed from these values; CpuState holds the new ones.
  void paging_changed(u32 old_cr0, u32 old_cr4, u32 old_efer);
  // Reads the four PDPTEs at `cr3` (SDM 3A, 4.4.1). False: a reserved bit is set in a present one, so #GP(0).
  bool read_pdptes(u32 cr3, u64 out[4]);

  // --- What surrounds the processor.
  void set_a20(bool enabled);
  bool a20() const { return a20_mask_ == ~u64{0}; }
  // --- For whoever takes back what ran (jit/verifier); undo.cpp.
  // From now on stores are fast only while a log is kept, to pages that it has.
  void make_undoable();
  // Keeps all changes of memory and the TLB in `log` from now on; nullptr: no more, and loans end.
  void log_into(UndoLog* log);
  // Puts back what was noted. The log stays as it is.
  void take_back(const UndoLog& log);
  // The pages that were at hand for stores in the last run are so again, as far as the TLB has them.
  void lend_again();
  void set_listener(MmioListener* listener) { listener_ = listener; }
  void set_fetch_listener(FetchListener* listener) { fetch_listener_ = listener; }
  // Without PSE-36 bits 13 to 21 of a 4-MiB entry are reserved (SDM 3A, table 4-4).
  void set_pse36(bool enabled) {
    walker_.set_pse36(enabled);
    flush_all();
  }

  // Memory's events, passed on by the engine, which is a MemoryObserver. None alters what the guest sees.
  void on_mapping_changed() { drop_fast(); }
  void on_dirty_cleared() { drop_fast(); }
  void on_frame_watched(Pfn frame);

  // --- Debug and alignment checks. While one is on, the accesses that it concerns take the slow path.
  void set_watchpoints(const std::array<Watchpoint, 4>& watchpoints);
  // The watchpoints hit since the last call, as DR6 bits 0 to 3.
  u32 take_watch_hits() {
    const u32 h = watch_hits_;
    watch_hits_ = 0;
    return h;
  }
  void set_alignment_check(bool enabled);  // CR0.AM and EFLAGS.AC; concerns user accesses only

 private:
  static constexpr u32 kEntries = FastTable::kEntries;  // of each direct-mapped array

  // valid while generation matches, or for global pages while it is at least global_floor_.
  struct Translation {
    u32 page = 0;                      // linear address of the page
    u8 rights = 0;                     // page_right
    u8 unused = 0;
    u16 held = AddressSpace::kNotHeld;  // number in the present address space
    u64 frame = 0;                     // physical address of the page, before A20
    u64 generation = 0;
  };

  // The part of an access within one page.
  struct Piece {
    GuestPhys address;
    u8* host = nullptr;  // nullptr: a device or nothing
    u32 size = 0;
    bool rom = false;  // of writes only: to be ignored
  };

  static u32 index_of(u32 linear) { return FastTable::index_of(linear); }

  bool load_slow(u32 linear, Privilege, void* out, u32 size, Access);
  bool store_slow(u32 linear, Privilege, const void* data, u32 size);
  bool resolve(u32 linear, u32 size, Access, Privilege, Piece pieces[2]);
  bool resolve_piece(u32 linear, u32 size, Access, Privilege, Piece& out);
  bool frame_of(u32 linear, Access, Privilege, u64& frame);
  bool usable(const Translation&, u32 linear, Access, Privilege) const;
  bool reachable(u32 linear, Access, Privilege);
  void note_page_fault(u32 linear, u32 error_code);
  void fill_fast(u32 linear, Access, Privilege, const Piece&);
  void read_piece(const Piece&, void* out);
  void write_piece(const Piece&, const void* data);
  bool misaligned(u32 linear, u32 size, Privilege privilege);
  void note_watch(u32 linear, u32 size, Access);
  bool page_watched(u32 linear) const;
  bool valid(const Translation& t, u32 linear) const;
  void forget(Access, u32 linear);
  void forget_fast(Access, u32 linear);
  void drop_fast();
  void clear_fast();
  void note_code_pages_lost() const {
    if (fetch_listener_ != nullptr) fetch_listener_->on_code_pages_lost();
  }
  // Is a frame of RAM as the fast entries for writing want it: written before, without code?
  bool written_fast(GuestPhys address) const {
    constexpr u8 kMask = frame_flag::kDirty | frame_flag::kHasCode;
    return (memory_.flags(pfn_of(address)) & kMask) == frame_flag::kDirty;
  }
  // --- address_space.cpp
  bool unchanged(const AddressSpace::Page&) const;
  u16 hold(u32 linear, Access, const Walk&);
  void let_go(Translation&);
  void note_place(u32 linear, Access, Privilege, u64 addend);
  void drop_local_fast();
  AddressSpace& find_space();
  void renew_hosts(AddressSpace&);
  void enter_space(u64 now);
  void forget_spaces();
  // --- undo.cpp
  template <class T>
  void note(UndoLog::Kind kind, T& what, u32 linear = 0) {
    if (undo_ != nullptr) [[unlikely]] undo_->note(kind, &what, sizeof what, linear);
  }
  bool note_access(u32 linear, Access, const Piece pieces[2]);
  bool note_probe(u32 linear, Access);
  void put_back(const UndoLog::Entry&, const u8* before);
  void drop_new_places(const UndoLog&);
  // --- window.cpp
  void renew_window();
  void hide_all_windows();
  void hide_writable(const u8* host);
  Translation& slot(Access a, u32 linear) { return (a == Access::kFetch ? code_ : data_)[index_of(linear)]; }

  const CpuState& state_;
  PhysicalMemory& memory_;
  MmioBus& mmio_;
  MmioListener* listener_ = nullptr;
  bool undoable_ = false;
  UndoLog* undo_ = nullptr;
  FetchListener* fetch_listener_ = nullptr;
  PageWalker walker_;
  Fault fault_;
  u32 watch_hits_ = 0;
  bool watching_ = false;
  bool alignment_check_ = false;
  u64 a20_mask_ = ~u64{0};
  u64 generation_ = 1;
  u64 global_floor_ = 1;
  std::array<Watchpoint, 4> watchpoints_{};
  FastTable fast_[3][2];
  Translation data_[kEntries];
  Translation code_[kEntries];
  // Whether a piece of a large page may be held, by 4-MiB region: only then INVLPG has to search for its siblings.
  std::array<bool, 1024> large_held_{};
  // Of tables that were in use lately, replaced in turn.
  std::array<AddressSpace, 8> spaces_;
  AddressSpace* space_ = nullptr;  // that of the tables in CR3
  u32 next_space_ = 0;
  u64 fast_epoch_ = 0;  // counts events after which no fast entry of before is right
};

}  // namespace paemu
