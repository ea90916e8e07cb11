// Backing: an object that pages belong to (a file, a tmpfs node), and its page cache. mm implements the cache and calls
// the owner for contents; fs derives from it. There is one page cache: read(), write() and mmap meet in the same pages.
//
// Invariants: a page is in at most one cache, at one index; the cache holds one reference on it; an index is never
// filled twice (a page being replaced by migration keeps its place and is locked until the new one is in).
//
// To use a page outside of mm: get it (find or fetch), kmap it, put it. Holding a reference keeps the frame from moving
// and so from going offline: hold it over a copy, not over a wait for ever.
#pragma once

#include "mm/area.hpp"
#include "mm/buddy.hpp"
#include "mm/page.hpp"
#include "mm/radix_tree.hpp"

namespace ido {

class Backing {
 public:
  // Where the contents are when they are not in the cache.
  enum class Store : u8 { kNone, kDevice };
  explicit Backing(Store store = Store::kNone) : store_(store) {}
  Backing(const Backing&) = delete;
  virtual ~Backing();  // drops all pages; nothing may map them any more

  // The page at `index` with a reference for the caller, or nullptr. Waits while it is locked.
  Page* find_page(u32 index);
  // The same, made and read in when missing. Errno::kNoMem, or what read_page says. Doesn't check the size.
  Or<Page*> fetch_page(u32 index);
  // The page at `index` about to be wholly overwritten: like fetch_page, but a new one is zeroed, not read.
  Or<Page*> fetch_page_for_overwrite(u32 index);
  static void mark_dirty(Page* page) { page->flags |= page_flag::kDirty; }

  // Drops the pages from `first` on out of every address space and the cache, and zeroes the tail of a last partial
  // page
  // (`tail_bytes` of page first - 1 stay, when not 0): the object got smaller. size_bytes() says the new size already.
  void truncate_pages(u32 first, u32 tail_bytes = 0);
  // The same for [first, end) only: a hole in the object, which reads as zeros.
  void drop_pages(u32 first, u32 end);
  // Whether the page at `index` is in the cache.
  bool has_page(u32 index) const { return cache_.find(index) != nullptr; }
  u32 cached_pages() const { return cached_pages_; }

  // What the owner of the object says. size in bytes: accesses to pages wholly beyond it raise SIGBUS.
  virtual u64 size_bytes() = 0;
  // Fills a new locked page. The default: zeros (tmpfs).
  virtual Or<> read_page(Page* page);
  // Writes a dirty page to its store. The default: there is no store, success.
  virtual Or<> write_page(Page* page);
  // Moves contents and private data from one locked page to another, both unmapped. The default copies. Errno::kBusy:
  // not now, try again.
  virtual Or<> migrate_page(Page* from, Page* to);
  // Keeps the object alive for an area that maps it.
  virtual void hold() = 0;
  virtual void release() = 0;
  // Its name for /proc/PID/maps and reports, always terminated.
  virtual void describe(char* buffer, u32 size) = 0;
  virtual u32 inode_number() { return 0; }
  virtual u32 device_number() { return 0; }  // Linux's encoding: major << 8 | minor

  // For mm: the areas that map the object, the file half of the reverse map.
  IntrusiveList<Area, &Area::backing_node> areas;
  // For migration: puts `to` in the place of `from`, and the cache's reference with it. Both locked, `from` unmapped.
  void replace_page(Page* from, Page* to);

 private:
  enum class Contents : u8 { kRead, kZero };
  Or<Page*> get_or_make(u32 index, Contents contents);
  void drop_page(Page* page);

  RadixTree cache_;
  Store store_;  // kNone: its pages count as shared memory
  u32 cached_pages_ = 0;
};

}  // namespace ido
