// SlabCache: objects of one size, many to a slab of one or a few pages. What the kernel makes many of (dentries,
// inodes, tasks, areas) has a cache of its own, so that /proc/slabinfo and a report of blocked offlining can name it.
//
// All of it is low memory. Allocation never sleeps; nullptr when there is no memory. Not for interrupt handlers.
//   constinit SlabCache dentry_cache{"dentry", sizeof(Dentry), SlabKind::kReclaimable};
#pragma once

#include "mm/page.hpp"

namespace ido {

enum class SlabKind : u8 {
  kKept,         // until the owner has no more use for it
  kReclaimable,  // a shrinker can give most of it back (mm/shrinker.hpp): counts as available memory
};

class SlabCache {
 public:
  constexpr SlabCache(const char* name, u32 object_size, SlabKind kind = SlabKind::kKept)
      : name_(name),
        object_size_((object_size + kAlign - 1) & ~(kAlign - 1)),
        order_(order_for(object_size_)),
        objects_per_slab_(static_cast<u16>((kPageSize << order_) / object_size_)),
        kind_(kind) {}
  SlabCache(const SlabCache&) = delete;

  void* allocate();  // contents undefined
  void release(void* object);
  void drop_empty_slabs();  // those that are kept for the next object

  const char* name() const { return name_; }
  SlabKind kind() const { return kind_; }
  u32 object_size() const { return object_size_; }  // bytes
  u32 objects_per_slab() const { return objects_per_slab_; }
  u32 pages_per_slab() const { return 1u << order_; }
  u32 objects_in_use() const { return objects_in_use_; }
  u32 slabs() const { return slabs_; }
  u32 empty_slabs();
  u32 slab_pages() const { return slabs_ << order_; }
  SlabCache* next() const { return next_; }  // in the list of all caches that were ever used
  static SlabCache* first();

 private:
  static constexpr u32 kAlign = 16;
  // The smallest slab that wastes at most an eighth of itself.
  static constexpr u8 order_for(u32 size) {
    u8 order = 0;
    while (order < 3 && (kPageSize << order) % size > (kPageSize << order) / 8) ++order;
    return order;
  }
  Page* grow();
  void give_back(Page* slab);
  u8* base_of(Page* slab) const;

  const char* name_;
  u32 object_size_;
  u8 order_;
  u16 objects_per_slab_;
  SlabKind kind_;
  u32 objects_in_use_ = 0;
  u32 slabs_ = 0;
  IntrusiveList<Page, &Page::node> partial_;  // slabs with a free object
  SlabCache* next_ = nullptr;
  bool listed_ = false;
};

void drop_empty_slabs();  // of all caches

}  // namespace ido
