// A slab is one page of equal objects. Its Page holds the state: `index` the first free object, `private_data` how many
// are in use; each free object starts with the number of the next free one.
#include "mm/kmalloc.hpp"

#include "lib/print.hpp"
#include "lib/string.hpp"
#include "mm/buddy.hpp"

namespace ido {
namespace {

constexpr u32 kNone = 0xffffffff;
SlabCache* all_caches;

constinit SlabCache size_caches[] = {
    {"kmalloc-16", 16},   {"kmalloc-32", 32},   {"kmalloc-64", 64},     {"kmalloc-128", 128},
    {"kmalloc-256", 256}, {"kmalloc-512", 512}, {"kmalloc-1024", 1024}, {"kmalloc-2048", 2048},
};
constexpr u32 kLargestCached = 2048;

u8* slab_base(Page* page) { return static_cast<u8*>(low_address(frame_of(page))); }

u32 order_for(usize size) {
  u32 order = 0;
  while ((usize{kPageSize} << order) < size) ++order;
  return order;
}

}  // namespace

SlabCache* SlabCache::first() { return all_caches; }

Page* SlabCache::grow() {
  auto got = allocate_pages({.zones = kLowZones, .type = MigrateType::kUnmovable, .use = PageUse::kSlab});
  if (!got) return nullptr;
  Page* page = got.value();
  page->slab = this;
  page->index = 0;
  const u32 count = kPageSize / object_size_;
  for (u32 i = 0; i < count; ++i) {
    const u32 next = i + 1 < count ? i + 1 : kNone;
    memcpy(slab_base(page) + i * object_size_, &next, sizeof(next));
  }
  ++slab_pages_;
  partial_.push_front(*page);
  if (!listed_) {
    listed_ = true;
    next_ = all_caches;
    all_caches = this;
  }
  return page;
}

void* SlabCache::allocate() {
  Page* page = partial_.front();
  if (page == nullptr) page = grow();
  if (page == nullptr) return nullptr;
  u8* object = slab_base(page) + page->index * object_size_;
  memcpy(&page->index, object, sizeof(page->index));
  ++page->private_data;
  ++objects_in_use_;
  if (page->index == kNone) partial_.remove(*page);
  return object;
}

void SlabCache::release(void* object) {
  Page* page = page_of_address(object);
  KASSERT(page->use == PageUse::kSlab && page->slab == this && page->private_data > 0);
  const u32 offset = static_cast<u32>(static_cast<u8*>(object) - slab_base(page));
  KASSERT(offset % object_size_ == 0);
  if (page->index == kNone) partial_.push_front(*page);
  memcpy(object, &page->index, sizeof(page->index));
  page->index = offset / object_size_;
  --page->private_data;
  --objects_in_use_;
  // An empty slab goes back, unless it is the last with room: that one is likely needed next.
  if (page->private_data == 0 && !(partial_.front() == page && partial_.back() == page)) {
    partial_.remove(*page);
    --slab_pages_;
    free_pages(page, 0);
  }
}

void* kmalloc(usize size, const char* owner) {
  if (size > (usize{kPageSize} << kMaxOrder)) return nullptr;
  if (size > kLargestCached) return allocate_kernel_pages(order_for(size), owner, Fill::kNone);
  for (SlabCache& cache : size_caches) {
    if (size <= cache.object_size()) return cache.allocate();
  }
  return nullptr;
}

void* kzalloc(usize size, const char* owner) {
  void* p = kmalloc(size, owner);
  if (p != nullptr) memset(p, 0, size);
  return p;
}

void kfree(void* p) {
  if (p == nullptr) return;
  Page* page = page_of_address(p);
  if (page->use == PageUse::kSlab) {
    page->slab->release(p);
    return;
  }
  KASSERT(page->use == PageUse::kKernel && page->references == 1);
  free_pages(page, page->order);
}

usize kmalloc_size(const void* p) {
  const Page* page = page_of_address(p);
  return page->use == PageUse::kSlab ? page->slab->object_size() : usize{kPageSize} << page->order;
}

}  // namespace ido
