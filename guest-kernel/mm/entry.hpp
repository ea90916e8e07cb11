// What mm writes into the entries of user page tables. For mm only.
//
//   present, kSoftware0   an anonymous page; the entry holds a reference and a map count on it
//   present, kSoftware1   the shared zero page: not counted, never moved
//   present               a page of a backing's cache; holds a reference and a map count
//   kSoftware2            a migration entry: the present entry with its present bit taken away while its frame moves;
//                         all its other bits are kept for the new frame. Holds nothing.
//   0                     nothing yet
#pragma once

#include "arch/paging.hpp"
#include "mm/area.hpp"
#include "mm/page.hpp"

namespace ido {

inline constexpr u64 kAnonymousBit = pte::kSoftware0;
inline constexpr u64 kZeroPageBit = pte::kSoftware1;
inline constexpr u64 kMigrationBit = pte::kSoftware2;

inline bool is_migration_entry(Pte e) { return !e.present() && (e.value & kMigrationBit) != 0; }
inline bool is_zero_page(Pte e) { return e.present() && (e.value & kZeroPageBit) != 0; }
inline bool is_anonymous(Pte e) { return (e.value & kAnonymousBit) != 0; }
inline bool is_writable(Pte e) { return (e.value & pte::kWrite) != 0; }

inline Pte migration_entry(Pte present) { return {(present.value & ~pte::kPresent) | kMigrationBit}; }
inline Pte with_frame(Pte e, Pfn frame) { return {(e.value & ~pte::kFrameMask) | phys_of(frame).value}; }
inline Pte restored_entry(Pte migration, Pfn frame) {
  return with_frame({(migration.value & ~kMigrationBit) | pte::kPresent}, frame);
}

// The bits that follow from an area's protection. No access at all: the supervisor's page, so that it keeps its frame.
inline u64 protection_bits(const Area& area) {
  return (area.protection != protection::kNone ? pte::kUser : 0) |
         ((area.protection & protection::kExecute) == 0 ? no_execute_bit() : 0);
}
enum class Writable : u8 { kNo, kYes };
inline Pte user_entry(const Area& area, Pfn frame, Writable writable, u64 kind) {
  return {phys_of(frame).value | pte::kPresent | pte::kAccessed | kind | protection_bits(area) |
          (writable == Writable::kYes ? pte::kWrite | pte::kDirty : 0)};
}

// Calls visit(address, slot) for each entry of [from, to) whose page table exists. The visitor must not free tables.
template <class Visit>
void for_each_entry(UserPageTable& table, u32 from, u32 to, Visit visit) {
  constexpr u32 kTableSpan = 512 * kPageSize;
  while (from < to) {
    const u32 span_end = (from & ~(kTableSpan - 1)) + kTableSpan;
    const u32 end = span_end < to && span_end != 0 ? span_end : to;
    Pte* slot = table.entry(from, false);
    for (u32 at = from; slot != nullptr && at < end; at += kPageSize, ++slot) visit(at, slot);
    from = end;
  }
}

// Counts an entry in or out on its page. drop_mapping may free the page.
void add_mapping(Page* page);
void drop_mapping(Page* page);

Pfn zero_frame_shared();  // the zero page

}  // namespace ido
