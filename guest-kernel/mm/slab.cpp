// The Page of a slab's first frame holds its state: `index` the number of the first free object, `private_data` how
// many are in use. Each free object starts with the number of the next free one; the rest of it is poison if that is
// on.
#include "mm/slab.hpp"

#include "lib/print.hpp"
#include "lib/string.hpp"
#include "mm/buddy.hpp"
#include "mm/poison.hpp"

namespace ido {
namespace {

constexpr u32 kNone = 0xffffffff;
constexpr u8 kFreshPattern = 0x5a;  // of an object that was given out, so that a second release can be told
SlabCache* all_caches;

}  // namespace

SlabCache* SlabCache::first() { return all_caches; }

u8* SlabCache::base_of(Page* slab) const { return static_cast<u8*>(low_address(frame_of(slab))); }

Page* SlabCache::grow() {
  auto got = allocate_pages(
      {.zones = kLowZones, .type = MigrateType::kUnmovable, .use = PageUse::kSlab, .order = order_, .owner = name_});
  if (!got) return nullptr;
  Page* slab = got.value();
  for (u32 i = 0; i < pages_per_slab(); ++i) slab[i].slab = this;
  slab->index = 0;
  for (u32 i = 0; i < objects_per_slab_; ++i) {
    const u32 next = i + 1u < objects_per_slab_ ? i + 1 : kNone;
    u8* object = base_of(slab) + i * object_size_;
    memcpy(object, &next, sizeof next);
    if (poison_on()) poison(object + sizeof next, object_size_ - sizeof next);
  }
  ++slabs_;
  partial_.push_front(*slab);
  if (!listed_) {
    listed_ = true;
    next_ = all_caches;
    all_caches = this;
  }
  return slab;
}

void* SlabCache::allocate() {
  Page* slab = partial_.front();
  if (slab == nullptr) slab = grow();
  if (slab == nullptr) return nullptr;
  u8* object = base_of(slab) + slab->index * object_size_;
  memcpy(&slab->index, object, sizeof slab->index);
  if (poison_on()) {
    check_poison(object + sizeof(u32), object_size_ - sizeof(u32), name_);
    memset(object, kFreshPattern, object_size_);
  }
  ++slab->private_data;
  ++objects_in_use_;
  if (slab->index == kNone) partial_.remove(*slab);
  return object;
}

void SlabCache::release(void* object) {
  const Pfn frame = low_frame(object);
  Page* slab = page_of(Pfn{frame.value & ~(pages_per_slab() - 1)});  // a block lies at a multiple of its size
  KASSERT(slab->use == PageUse::kSlab && slab->slab == this && slab->private_data > 0);
  const u32 offset = static_cast<u32>(static_cast<u8*>(object) - base_of(slab));
  KASSERT(offset % object_size_ == 0 && offset / object_size_ < objects_per_slab_);
  if (poison_on()) {
    if (is_poisoned(static_cast<u8*>(object) + sizeof(u32), object_size_ - sizeof(u32)))
      panic("an object of slab '%s' at %p is freed twice", name_, object);
    poison(static_cast<u8*>(object) + sizeof(u32), object_size_ - sizeof(u32));
  }
  if (slab->index == kNone) partial_.push_front(*slab);
  memcpy(object, &slab->index, sizeof slab->index);
  slab->index = offset / object_size_;
  --slab->private_data;
  --objects_in_use_;
  // An empty slab goes back, unless it is the last with room: that one is likely needed next.
  if (slab->private_data == 0 && !(partial_.front() == slab && partial_.back() == slab)) give_back(slab);
}

void SlabCache::give_back(Page* slab) {
  partial_.remove(*slab);
  --slabs_;
  free_pages(slab, order_);
}

void SlabCache::drop_empty_slabs() {
  for (auto i = partial_.begin(); !(i == partial_.end());) {
    Page* slab = &*i;
    ++i;
    if (slab->private_data == 0) give_back(slab);
  }
}

u32 SlabCache::empty_slabs() {
  u32 count = 0;
  for (Page& slab : partial_) count += slab.private_data == 0 ? 1 : 0;
  return count;
}

void drop_empty_slabs() {
  for (SlabCache* cache = all_caches; cache != nullptr; cache = cache->next()) cache->drop_empty_slabs();
}

}  // namespace ido
