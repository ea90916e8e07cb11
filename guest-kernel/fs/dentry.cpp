#include "fs/dentry.hpp"

#include "lib/string.hpp"
#include "mm/kmalloc.hpp"
#include "mm/shrinker.hpp"
#include "mm/stats.hpp"

namespace ido::fs {

namespace {

constexpr u32 kMostName = 255;  // bytes of a component
constexpr u32 kBuckets = 1 << 12;
constexpr u32 kPagesPerUnused = 32;  // memory for each dentry that may stay unused
constexpr u32 kFewestUnused = 1024;

constinit SlabCache g_cache{"dentry", sizeof(Dentry), SlabKind::kReclaimable};
IntrusiveList<Dentry, &Dentry::hash_node> g_table[kBuckets];
IntrusiveList<Dentry, &Dentry::unused_node> g_unused;  // least recently used first
u32 g_unused_count = 0;

// FNV-1a.
u32 hash_of(StringView name) {
  u32 h = 2166136261u;
  for (u32 i = 0; i < name.size; ++i) h = (h ^ static_cast<u8>(name[i])) * 16777619u;
  return h;
}

auto& bucket_of(const Dentry* parent, u32 hash) {
  return g_table[(hash ^ reinterpret_cast<uintptr_t>(parent) >> 6) % kBuckets];
}

void enter(Dentry& d) {
  if (d.parent && d.parent->inode->caches_names()) bucket_of(d.parent.get(), d.hash()).push_front(d);
}

void leave(Dentry& d) {
  if (d.hash_node.linked()) IntrusiveList<Dentry, &Dentry::hash_node>::remove(d);
}

void take_from_unused(Dentry& d) {
  if (!d.unused_node.linked()) return;
  IntrusiveList<Dentry, &Dentry::unused_node>::remove(d);
  --g_unused_count;
}

Dentry* find(const Dentry* parent, StringView name, u32 hash) {
  for (Dentry& d : bucket_of(parent, hash))
    if (d.hash() == hash && d.parent.get() == parent && d.name() == name) return &d;
  return nullptr;
}

u32 most_unused() { return memory_info().total_pages / kPagesPerUnused; }

}  // namespace

void* Dentry::operator new(usize, const std::nothrow_t&) noexcept { return g_cache.allocate(); }
void Dentry::operator delete(void* dentry) {
  if (dentry != nullptr) g_cache.release(dentry);
}

bool Dentry::set_name(StringView name) {
  char* place = inline_name_;
  if (name.size > kInlineName) {
    place = static_cast<char*>(kmalloc(name.size, "name"));
    if (place == nullptr) return false;
  }
  drop_name();
  memcpy(place, name.data, name.size);
  name_ = place;
  name_size_ = name.size;
  hash_ = hash_of(name);
  return true;
}

void Dentry::drop_name() {
  if (name_ != inline_name_) kfree(name_);
  name_ = inline_name_;
}

Or<Ref<Dentry>> Dentry::make(Ref<Dentry> parent, StringView name, Ref<Inode> inode) {
  if (g_unused_count > kFewestUnused && g_unused_count > most_unused()) shrink_dentries(g_unused_count / 8);
  Ref<Dentry> made(new (std::nothrow) Dentry);
  if (!made || !made->set_name(name)) return fail(Errno::kNoMem);
  made->inode = std::move(inode);
  made->parent = std::move(parent);
  enter(*made);
  return made;
}

Dentry::~Dentry() {
  leave(*this);
  take_from_unused(*this);
  drop_name();
}

// A dentry that is not in the table goes, and so may those above it: in a loop, for a tree may be deeper than a stack.
void Dentry::unused() {
  for (Dentry* d = this; d != nullptr;) {
    if (d->hash_node.linked()) {
      g_unused.push_back(*d);
      ++g_unused_count;
      return;
    }
    Dentry* above = d->parent.detach();
    delete d;
    d = above != nullptr && above->drop() ? above : nullptr;
  }
}

Or<Ref<Dentry>> child(Ref<Dentry> directory, StringView name) {
  if (name.size > kMostName) return fail(Errno::kNameTooLong);
  if (Dentry* known = find(directory.get(), name, hash_of(name)); known != nullptr) {
    take_from_unused(*known);
    return Ref<Dentry>(known);
  }
  auto inode = directory->inode->lookup(name);
  if (!inode.ok() && inode.error() != Errno::kNoEnt) return fail(inode.error());
  return Dentry::make(directory, name, inode.ok() ? *inode : Ref<Inode>{});
}

void set_mounted(Dentry& dentry, Dentry* root) {
  dentry.mounted = root;
  if (!dentry.parent) return;  // the root of another mount: that list holds it
  leave(dentry);
  if (root != nullptr)
    bucket_of(dentry.parent.get(), dentry.hash()).push_front(dentry);
  else if (!dentry.unlinked)
    enter(dentry);
}

void forget(Dentry& dentry) {
  leave(dentry);
  dentry.unlinked = true;
}

Or<> move(Dentry& dentry, Ref<Dentry> new_parent, StringView new_name) {
  leave(dentry);
  const bool named = dentry.set_name(new_name);
  if (named) dentry.parent = std::move(new_parent);
  enter(dentry);
  if (!named) return fail(Errno::kNoMem);
  return {};
}

u32 shrink_dentries(u32 most) {
  u32 freed = 0;
  // Freeing a leaf may make its parent unused: it joins the end of the list, and its turn comes.
  for (; freed < most; ++freed) {
    Dentry* oldest = g_unused.front();
    if (oldest == nullptr) break;
    take_from_unused(*oldest);
    leave(*oldest);
    oldest->unused();
  }
  return freed;
}

void register_dentry_shrinker() {
  static constinit Shrinker shrinker{"dentry", unused_dentries, shrink_dentries, {}};
  register_shrinker(shrinker);
}

u32 unused_dentries() { return g_unused_count; }
u32 dentry_count() { return g_cache.objects_in_use(); }

}  // namespace ido::fs
