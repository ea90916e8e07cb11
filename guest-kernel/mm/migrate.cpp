// Each step of docs/migration.md, 4.1 to 4.8, is a function of its name; the steps before the page's point of no return
// (4.7) have a named undo. migrate_page() at the end is the order, and nothing else.
#include "mm/migrate.hpp"

#include "arch/kmap.hpp"
#include "lib/print.hpp"
#include "mm/backing.hpp"
#include "mm/entry.hpp"
#include "mm/page_lock.hpp"
#include "mm/rmap.hpp"
#include "mm/stats.hpp"

namespace ido {
namespace {

struct PageMove {
  Page* from;
  Page* to = nullptr;
};

bool in_cache(const Page* page) { return page->use == PageUse::kCache && page->backing != nullptr; }

// 4.1 Hold: a reference keeps the frame from being freed and used for something else under us.
void hold(PageMove& move) { get_page(move.from); }
void unhold(PageMove& move) { put_page(move.from); }

// 4.2 Target: a frame for the same use. It can't be in the range that is emptied, as nothing is free there.
bool make_target(PageMove& move) {
  auto page = allocate_pages({.use = move.from->use});
  if (!page) return false;
  move.to = page.value();
  return true;
}
void drop_target(PageMove& move) { put_page(move.to); }

// 4.3 Lock: lookups in the page cache wait from here on.
bool lock(PageMove& move) {
  if (!try_lock_page(move.from)) return false;
  return try_lock_page(move.to);  // nobody else knows it
}
void unlock(PageMove& move) {
  unlock_page(move.to);
  unlock_page(move.from);
}

// 4.4 Unmap: every entry that names the frame becomes a migration entry, which keeps its bits. Accesses fault and wait.
void unmap_entry(Mm& mm, u32 address, Pte* slot, void* context) {
  Page* from = static_cast<PageMove*>(context)->from;
  if (!slot->present() || is_zero_page(*slot) || slot->frame() != frame_of(from)) return;
  const Pte old = UserPageTable::exchange(slot, migration_entry(*slot));
  // What the processor noted between reading and exchanging must not be lost.
  UserPageTable::set(slot, migration_entry(old));
  flush_user_page(mm.table(), address);
  if (old.value & pte::kDirty) from->flags |= page_flag::kDirty;
  drop_mapping(from);
}
void unmap(PageMove& move) { visit_mappings(move.from, unmap_entry, &move); }

void remap_entry(Page* old, Page* now, Mm& mm, u32 address, Pte* slot) {
  if (!is_migration_entry(*slot) || slot->frame() != frame_of(old)) return;
  get_page(now);
  add_mapping(now);
  UserPageTable::set(slot, restored_entry(*slot, frame_of(now)));
  flush_user_page(mm.table(), address);
}
void remap_entry_to_old(Mm& mm, u32 address, Pte* slot, void* context) {
  auto* move = static_cast<PageMove*>(context);
  remap_entry(move->from, move->from, mm, address, slot);
}
void remap_entry_to_new(Mm& mm, u32 address, Pte* slot, void* context) {
  auto* move = static_cast<PageMove*>(context);
  remap_entry(move->from, move->to, mm, address, slot);
}
void remap_to_old(PageMove& move) { visit_mappings(move.from, remap_entry_to_old, &move); }

// 4.5 Settle: with no entry left, the page has the cache's reference (if it is in one) and ours. More means a user in
// flight: a system call that copies, a reader that waits.
bool settled(const PageMove& move) {
  return move.from->map_count == 0 && move.from->references == (in_cache(move.from) ? 2 : 1);
}

// 4.6 Copy: the contents, by the owner's own way. The target is still nobody's: its undo is drop_target.
MoveResult copy(PageMove& move) {
  if (!in_cache(move.from)) {
    copy_frame(frame_of(move.to), frame_of(move.from));
    return MoveResult::kMoved;
  }
  auto copied = move.from->backing->migrate_page(move.from, move.to);  // may sleep
  if (!copied) return copied.error() == Errno::kBusy ? MoveResult::kBusy : MoveResult::kRefused;
  return MoveResult::kMoved;
}

// 4.7 Replace: the page's point of no return. The new page is the page: for the cache, and for the reverse map.
void replace(PageMove& move) {
  Page& from = *move.from;
  Page& to = *move.to;
  to.flags |= static_cast<u8>(from.flags & (page_flag::kDirty | page_flag::kUpToDate | page_flag::kReferenced));
  to.private_data = from.private_data;
  to.index = from.index;
  if (in_cache(&from)) {
    from.backing->replace_page(&from, &to);
  } else {
    to.family = from.family;
    to.family->get();
  }
}

// 4.8 Remap: the migration entries name the new frame, with the bits that they had; waiters go on; the old frame is
// free.
void remap_to_new(PageMove& move) {
  visit_mappings(move.to, remap_entry_to_new, &move);
  unlock(move);
  put_page(move.to);  // if all its users went meanwhile, it goes too
  KASSERT(move.from->references == 1);
  put_page(move.from);
}

}  // namespace

MoveResult migrate_page(Page* page) {
  if (page->use != PageUse::kAnonymous && page->use != PageUse::kCache) return MoveResult::kGone;
  if (page->flags & page_flag::kPinned) return MoveResult::kPinned;
  if (page->flags & page_flag::kWriteback) return MoveResult::kBusy;
  if (page->use == PageUse::kCache && page->backing == nullptr) return MoveResult::kBusy;  // truncated, still held
  PageMove move{page};
  hold(move);
  if (!make_target(move)) {
    unhold(move);
    return MoveResult::kNoMemory;
  }
  if (!lock(move)) {
    drop_target(move);
    unhold(move);
    return MoveResult::kBusy;
  }
  unmap(move);
  MoveResult result = settled(move) ? copy(move) : MoveResult::kBusy;
  // The copy may have slept: somebody may have got hold of the page by another way than the cache or an entry.
  if (result == MoveResult::kMoved && !settled(move)) result = MoveResult::kBusy;
  if (result != MoveResult::kMoved) {
    remap_to_old(move);
    unlock(move);
    drop_target(move);
    unhold(move);
    return result;
  }
  replace(move);
  remap_to_new(move);
  count_event(MmEvent::kMigrateSuccess);
  return MoveResult::kMoved;
}

}  // namespace ido
