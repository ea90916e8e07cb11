// Small kernel memory: slab caches of equal objects, and kmalloc over caches of powers of two.
//
// All of it is low memory. Allocation never sleeps; nullptr when there is no memory. Not for interrupt handlers.
#pragma once

#include "mm/page.hpp"

namespace ido {

// Objects of one size, several to a page. The name stands in /proc/slabinfo and in reports of blocked offlining.
//   constinit SlabCache dentry_cache{"dentry", sizeof(Dentry)};
class SlabCache {
 public:
  constexpr SlabCache(const char* name, u32 object_size)
      : name_(name), object_size_((object_size + kAlign - 1) & ~(kAlign - 1)) {}
  SlabCache(const SlabCache&) = delete;

  void* allocate();  // contents undefined
  void release(void* object);

  const char* name() const { return name_; }
  u32 object_size() const { return object_size_; }  // bytes
  u32 objects_in_use() const { return objects_in_use_; }
  u32 slab_pages() const { return slab_pages_; }
  SlabCache* next() const { return next_; }  // in the list of all caches that were ever used
  static SlabCache* first();

 private:
  static constexpr u32 kAlign = 16;
  Page* grow();

  const char* name_;
  u32 object_size_;
  u32 objects_in_use_ = 0;
  u32 slab_pages_ = 0;
  IntrusiveList<Page, &Page::node> partial_;  // slabs with a free object
  SlabCache* next_ = nullptr;
  bool listed_ = false;
};

// Any size up to 4 MiB; above 2 KiB in whole pages, rounded up to a power of two. `owner` names the pages of large
// ones.
void* kmalloc(usize size, const char* owner = "kmalloc");
void* kzalloc(usize size, const char* owner = "kmalloc");
void kfree(void* p);                // nullptr is fine
usize kmalloc_size(const void* p);  // usable bytes

}  // namespace ido
