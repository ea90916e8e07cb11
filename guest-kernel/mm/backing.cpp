#include "mm/backing.hpp"

#include "arch/kmap.hpp"
#include "lib/print.hpp"
#include "lib/string.hpp"
#include "mm/mm.hpp"
#include "mm/page_lock.hpp"
#include "mm/stats.hpp"

namespace ido {

Backing::~Backing() {
  KASSERT(areas.empty());
  truncate_pages(0);
}

Or<> Backing::read_page(Page* page) {
  zero_frame(frame_of(page));
  return {};
}

Or<> Backing::write_page(Page*) { return {}; }

Or<> Backing::migrate_page(Page* from, Page* to) {
  copy_frame(frame_of(to), frame_of(from));
  return {};
}

// Waits without a reference, and looks again: a locked page may be another one, or gone, by then.
Page* Backing::find_page(u32 index) {
  for (;;) {
    Page* page = static_cast<Page*>(cache_.find(index));
    if (page == nullptr) return nullptr;
    if (!page_locked(page)) {
      get_page(page);
      return page;
    }
    wait_for_any_page();
  }
}

Or<Page*> Backing::fetch_page(u32 index) { return get_or_make(index, Contents::kRead); }
Or<Page*> Backing::fetch_page_for_overwrite(u32 index) { return get_or_make(index, Contents::kZero); }

Or<Page*> Backing::get_or_make(u32 index, Contents contents) {
  if (Page* page = find_page(index)) return page;
  Page* page = TRY(allocate_pages({.use = PageUse::kCache}));
  page->backing = this;
  page->index = index;
  lock_page(page);  // at once: nobody else knows it
  if (auto inserted = cache_.insert(index, page); !inserted) {
    page->backing = nullptr;
    unlock_page(page);
    put_page(page);
    return fail(inserted.error());
  }
  ++cached_pages_;
  if (store_ == Store::kNone) ++shared_pages;
  get_page(page);  // the cache's, besides the caller's
  if (contents == Contents::kZero) {
    zero_frame(frame_of(page));
  } else if (auto read = read_page(page); !read) {
    const Errno error = read.error();
    drop_page(page);
    unlock_page(page);
    put_page(page);
    return fail(error);
  }
  page->flags |= page_flag::kUpToDate;
  unlock_page(page);
  return page;
}

// Out of the cache, and its reference with it; the caller holds the lock and a reference. Holders in flight keep the
// frame until they put it.
void Backing::drop_page(Page* page) {
  KASSERT(page_locked(page) && page->backing == this && page->references > 1);
  cache_.remove(page->index);
  --cached_pages_;
  if (store_ == Store::kNone) --shared_pages;
  page->backing = nullptr;
  page->flags &= static_cast<u8>(~page_flag::kDirty);
  put_page(page);
}

void Backing::drop_pages(u32 first, u32 end) {
  for (Area& area : areas) {
    const u32 area_end = area.first_index + (area.size() >> kPageShift);
    const u32 from = first > area.first_index ? first : area.first_index;
    const u32 to = end < area_end ? end : area_end;
    if (from >= to) continue;
    const u32 start = area.start + ((from - area.first_index) << kPageShift);
    area.mm->zap(start, start + ((to - from) << kPageShift));
  }
  u32 index = first;
  for (;;) {
    Page* page = static_cast<Page*>(cache_.next(index));
    if (page == nullptr || index >= end) return;
    if (page_locked(page)) {
      wait_for_any_page();
      index = first;
      continue;
    }
    get_page(page);
    lock_page(page);
    drop_page(page);
    unlock_page(page);
    put_page(page);
  }
}

void Backing::truncate_pages(u32 first, u32 tail_bytes) {
  drop_pages(first, ~u32{0});
  if (tail_bytes == 0 || first == 0) return;
  if (Page* page = find_page(first - 1)) {
    Kmap map(frame_of(page));
    memset(map.bytes() + tail_bytes, 0, kPageSize - tail_bytes);
    put_page(page);
  }
}

void Backing::replace_page(Page* from, Page* to) {
  KASSERT(page_locked(from) && page_locked(to) && from->map_count == 0 && cache_.find(from->index) == from);
  cache_.replace(from->index, to);
  to->backing = this;
  to->index = from->index;
  get_page(to);
  from->backing = nullptr;
  put_page(from);
}

}  // namespace ido
