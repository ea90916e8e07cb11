#include "mm/kmalloc.hpp"

#include "lib/print.hpp"
#include "lib/string.hpp"
#include "mm/buddy.hpp"

namespace ido {
namespace {

constinit SlabCache size_caches[] = {
    {"kmalloc-16", 16},   {"kmalloc-32", 32},   {"kmalloc-64", 64},     {"kmalloc-128", 128},
    {"kmalloc-256", 256}, {"kmalloc-512", 512}, {"kmalloc-1024", 1024}, {"kmalloc-2048", 2048},
};
constexpr u32 kLargestCached = 2048;

u32 order_for(usize size) {
  u32 order = 0;
  while ((usize{kPageSize} << order) < size) ++order;
  return order;
}

}  // namespace

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
