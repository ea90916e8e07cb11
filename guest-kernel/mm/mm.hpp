// Mm: one user address space: its areas, its page tables, its faults.
//
// Reference counted; threads share one. Its mutex guards the areas; entries of the page tables change only between
// points that can sleep, so reverse maps and migration need no lock of it. Sizes and addresses in bytes.
#pragma once

#include "arch/paging.hpp"
#include "lib/wait.hpp"
#include "mm/area_tree.hpp"
#include "mm/page.hpp"

namespace ido {

struct AnonFamily;

enum class FaultAccess : u8 { kRead, kWrite, kExecute };

enum class FaultResult : u8 {
  kDone,        // try the instruction again
  kSegv,        // no such memory: SIGSEGV, SEGV_MAPERR
  kProtection,  // not permitted: SIGSEGV, SEGV_ACCERR
  kBus,         // beyond the end of the file, or it can't be read: SIGBUS
  kNoMemory,    // out of memory: kill the task
};

// Where map() puts a mapping.
enum class Placement : u8 {
  kAnywhere,   // at the hint if free, else wherever there is room
  kFixed,      // exactly there; what is there goes away
  kFixedFree,  // exactly there; Errno::kExist if something is
};

struct MapRequest {
  u32 address = 0;    // hint, or the fixed address
  u32 size = 0;       // rounded up to pages
  u8 protection = 0;  // protection::
  u16 flags = 0;      // area_flag
  Placement placement = Placement::kAnywhere;
  Backing* backing = nullptr;  // nullptr: anonymous. The area holds it by Backing::hold
  u32 first_index = 0;         // page number in the backing
  const char* label = nullptr;
};

// What madvise tells of a range.
enum class Advice : u8 {
  kNothing,  // what has no effect here
  kDontNeed,
  kFree,
  kRemove,  // give the pages of the object back too
  kWillNeed,
  kDontFork,
  kDoFork,
  kWipeOnFork,
  kKeepOnFork,
  kPopulateRead,
  kPopulateWrite,
};

class Mm {
 public:
  static Or<Mm*> create();  // empty, references = 1
  Or<Mm*> clone();          // for fork: the same contents, private pages copy-on-write
  void get() { ++references_; }
  void put();  // the last one unmaps all and frees it; not while its page tables are loaded

  Or<u32> map(const MapRequest& request);  // the address
  Or<> unmap(u32 address, u32 size);
  Or<> protect(u32 address, u32 size, u8 protection);
  // Linux's mremap. kFixed: new_address is where it must go; kMayAndKeep: the old area stays, empty
  // (MREMAP_DONTUNMAP), and new_address, when it is not 0, is where it goes.
  enum class Move : u8 { kNo, kMay, kFixed, kMayAndKeep };
  Or<u32> remap(u32 address, u32 old_size, u32 new_size, Move move, u32 new_address);
  Or<> advise(u32 address, u32 size, Advice advice);  // madvise
  // mincore: a byte a page, 1 when the page is in memory.
  Or<> residency(u32 address, u32 pages, u8* resident);

  // mlock: locked pages may still migrate. kTouched: each is made at its first touch, not now.
  enum class LockWhen : u8 { kNow, kTouched };
  enum class LockAll : u8 { kCurrent, kFuture, kBoth };
  Or<> lock(u32 address, u32 size, LockWhen when = LockWhen::kNow);
  Or<> unlock(u32 address, u32 size);
  Or<> lock_all(LockAll what, LockWhen when);
  void unlock_all();
  // msync: writes dirty shared pages to their store.
  Or<> sync(u32 address, u32 size);
  // Linux's brk: the break after the call.
  u32 set_break(u32 address);
  void start_break(u32 address) { break_start_ = break_ = address; }  // exec: where the heap begins

  FaultResult handle_fault(u32 address, FaultAccess access);

  // The frame behind an address, present for that access, with a reference to its page for the caller
  // (put_page); faults it in. For uaccess and futexes. Errno::kFault, kNoMem.
  Or<Page*> get_user_page(u32 address, FaultAccess access);

  u64 cr3() const { return table_->cr3(); }
  UserPageTable& table() { return *table_; }
  Area* find_area(u32 address);  // that contains it, or nullptr

  // Writes whatever the protection says, into private copies; not into shared pages that are read-only. For debuggers.
  // Errno::kFault, kNoMem.
  Or<> poke(u32 address, const u8* from, u32 size);

  // For /proc: areas in order; hold mutex() over a walk that sleeps.
  using AreaList = IntrusiveList<Area, &Area::node>;
  AreaList& areas() { return areas_; }
  Mutex& mutex() { return mutex_; }
  struct Counters {
    u32 mapped_pages = 0;     // VmSize
    u32 data_pages = 0;       // of these, private and writable, without stacks
    u32 anonymous_pages = 0;  // RssAnon
    u32 file_pages = 0;       // RssFile + RssShmem
    u32 locked_pages = 0;     // VmLck
    u32 minor_faults = 0;
    u32 major_faults = 0;  // waited for a read or a migration
  };
  Counters counters;
  // exec notes them for /proc/PID/cmdline and stat.
  u32 argument_start = 0, argument_end = 0;
  u32 environment_start = 0, environment_end = 0;
  u32 auxiliary_start = 0, auxiliary_end = 0;  // the vector of the ELF loader's
  u32 stack_start = 0;
  u32 code_start = 0, code_end = 0;

  // For mm: the anonymous half of the reverse map, and the removal of a range's entries (never sleeps, needs no lock).
  ListNode family_node;  // in AnonFamily::members
  AnonFamily* family = nullptr;
  void zap(u32 from, u32 to);

 private:
  Mm() = default;
  ~Mm() = default;

  // area.cpp; the mutex is held by the callers of all of these
  Area* first_area_ending_after(u32 address);
  bool range_free(u32 address, u32 size);
  Or<u32> find_gap(u32 size);
  Or<u32> place(const MapRequest& request, u32 size);
  void insert(Area* area);
  void remove(Area* area);
  void resize(Area* area, u32 start, u32 end);
  Or<> may_grow(Area& like, u32 pages);
  Or<> split_at(u32 address);
  void merge_into_previous(Area* area);
  void merge_range(u32 from, u32 to);
  // map.cpp
  Or<u32> map_locked(const MapRequest& request);
  Or<u32> make_mapping(const MapRequest& request);
  Or<> unmap_locked(u32 address, u32 size);
  Or<> check_covered(u32 address, u32 size);
  Or<> populate(u32 from, u32 to);
  Or<> populate(u32 from, u32 to, FaultAccess access);
  static Or<u32> whole_pages(u32 address, u32 size);
  // lock.cpp
  Or<> may_lock(u32 pages);
  Or<> set_locked(u32 address, u32 size, u16 flags);
  void mark_locked(Area& area, u16 flags);
  // advise.cpp
  Or<> advise_part(Area* area, u32 from, u32 to, Advice advice);
  Or<> set_area_flag(Area* area, u32 from, u32 to, u16 flag, bool on);
  // remap.cpp
  Or<u32> grow_in_place(Area* area, u32 address, u32 more);
  Or<u32> move_mapping(Area* area, u32 address, u32 old_size, u32 new_size, Move move, u32 new_address);
  Or<> move_entries(u32 from, u32 to, u32 size);
  Or<> move_entry(Pte* from, u32 to_address);
  // fault.cpp
  FaultResult fault_locked(u32 page_address, FaultAccess access);
  Area* grow_stack(u32 address);
  FaultResult make_present(Area& area, u32 address, Pte* slot, FaultAccess access);
  FaultResult map_file_page(Area& area, u32 address, Pte* slot, FaultAccess access);
  FaultResult break_sharing(Area& area, u32 address, Pte* slot);
  // poke.cpp: within one page
  Or<> poke_page(u32 address, const u8* from, u32 count);
  // clone.cpp
  Or<> copy_areas_to(Mm& child);
  Or<> copy_entries_to(Mm& child, const Area& area);

  AreaList areas_;
  AreaTree tree_;
  Area* recent_ = nullptr;  // found last
  UserPageTable* table_ = nullptr;
  Mutex mutex_{LockKind::kMm};
  u32 references_ = 1;
  u16 future_flags_ = 0;  // of areas to come: mlockall(MCL_FUTURE)
  u32 break_start_ = 0;
  u32 break_ = 0;
};

// The address space of the running task, nullptr in kernel threads: proc sets it at each switch.
Mm* current_mm();
void set_current_mm(Mm* mm);

}  // namespace ido
