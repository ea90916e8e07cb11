// A directory in tmpfs: its entries in the order of their making, and a hash table to find them by name.
#include "fs/device.hpp"
#include "fs/pipe.hpp"
#include "fs/tmpfs_nodes.hpp"
#include "lib/string.hpp"

namespace ido::fs {

namespace {

constexpr u32 kEntrySize = 20;  // bytes that an entry adds to a directory's size, as on Linux
constexpr u32 kDots = 2;

constinit SlabCache g_cache{"tmpfs_directory", sizeof(TmpfsDirectory)};
constinit SlabCache g_entries{"tmpfs_entry", 48};  // of short names

class TmpfsSymlink final : public TmpfsInode {
 public:
  TmpfsSymlink(Ref<TmpfsInstance> instance, StringView target)
      : TmpfsInode(std::move(instance), mode::kSymlink | 0777) {
    target_.add(target);
    status.size = target.size;
  }
  bool complete() const { return target_.complete(); }
  Or<> read_link(Text& target) override {
    target.add(target_.view());
    return {};
  }

 private:
  Text target_;
};

u32 hash_of(StringView name) {
  u32 h = 2166136261u;
  for (u32 i = 0; i < name.size; ++i) h = (h ^ static_cast<u8>(name[i])) * 16777619u;
  return h ^ h >> 16;
}

// Without RTTI: a tmpfs directory knows another by the magic of its file system.
TmpfsDirectory* as_directory(Inode& inode) {
  return inode.is_directory() && inode.file_system().magic == kTmpfsMagic ? static_cast<TmpfsDirectory*>(&inode)
                                                                          : nullptr;
}

}  // namespace

void* TmpfsDirectory::operator new(usize, const std::nothrow_t&) noexcept { return g_cache.allocate(); }
void TmpfsDirectory::operator delete(void* inode) { g_cache.release(inode); }

TmpfsDirectory::Entry* TmpfsDirectory::make_entry(StringView name) {
  const u32 size = static_cast<u32>(offsetof(Entry, name)) + name.size;
  void* memory = size <= g_entries.object_size() ? g_entries.allocate() : kmalloc(size, "tmpfs name");
  if (memory == nullptr) return nullptr;
  auto* e = new (memory) Entry;
  e->hash = hash_of(name);
  e->size = static_cast<u8>(name.size);
  memcpy(e->name, name.data, name.size);
  return e;
}

// Out of all lists; the inode is the caller's now.
Ref<Inode> TmpfsDirectory::take(Entry& e) {
  Entry** link = &buckets_[e.hash & (buckets_.size() - 1)];
  while (*link != &e) link = &(*link)->next_in_bucket;
  *link = e.next_in_bucket;
  entries_.remove(e);
  --count_;
  status.size -= kEntrySize;
  Ref<Inode> inode = std::move(e.inode);
  const bool small = offsetof(Entry, name) + e.size <= g_entries.object_size();
  e.~Entry();
  if (small)
    g_entries.release(&e);
  else
    kfree(&e);
  return inode;
}

// A whole tree may hang below, deeper than a stack: directories that only this one holds hand their entries up first.
TmpfsDirectory::~TmpfsDirectory() {
  Vector<Ref<Inode>> waiting;
  TmpfsDirectory* at = this;
  Ref<Inode> held;
  for (;;) {
    while (Entry* e = at->entries_.front()) {
      Ref<Inode> inode = at->take(*e);
      TmpfsDirectory* below = inode->is_directory() ? as_directory(*inode) : nullptr;
      // Without memory for the list the tree is taken down by recursion.
      if (below != nullptr && inode->holders() == 1) (void)waiting.push(std::move(inode));
    }
    if (waiting.empty()) break;
    held = std::move(waiting[waiting.size() - 1]);
    waiting.erase(waiting.size() - 1);
    at = as_directory(*held);
  }
}

TmpfsDirectory::Entry* TmpfsDirectory::find(StringView name) {
  if (buckets_.empty()) return nullptr;
  const u32 hash = hash_of(name);
  for (Entry* e = buckets_[hash & (buckets_.size() - 1)]; e != nullptr; e = e->next_in_bucket)
    if (e->hash == hash && name == StringView(e->name, e->size)) return e;
  return nullptr;
}

Or<> TmpfsDirectory::grow_table() {
  const u32 size = buckets_.empty() ? 8 : buckets_.size() * 2;
  Vector<Entry*> grown;
  TRY(grown.reserve(size));
  for (u32 i = 0; i < size; ++i) TRY(grown.push(nullptr));
  for (Entry& e : entries_) {
    Entry*& bucket = grown[e.hash & (size - 1)];
    e.next_in_bucket = bucket;
    bucket = &e;
  }
  buckets_ = std::move(grown);
  return {};
}

Or<> TmpfsDirectory::insert(StringView name, Ref<Inode> inode) {
  if (count_ >= buckets_.size()) TRY(grow_table());
  Entry* e = make_entry(name);
  if (e == nullptr) return fail(Errno::kNoMem);
  e->inode = std::move(inode);
  e->cookie = ++last_cookie_;
  Entry*& bucket = buckets_[e->hash & (buckets_.size() - 1)];
  e->next_in_bucket = bucket;
  bucket = e;
  entries_.push_back(*e);
  ++count_;
  status.size += kEntrySize;
  touch_modified();
  return {};
}

void TmpfsDirectory::count_directory(const Inode& inode, i32 change) {
  if (inode.is_directory()) status.links += static_cast<u32>(change);
}

Or<Ref<Inode>> TmpfsDirectory::lookup(StringView name) {
  const Entry* e = find(name);
  if (e == nullptr) return fail(Errno::kNoEnt);
  return e->inode;
}

Or<Ref<Inode>> TmpfsDirectory::create(StringView name, u32 mode, u32 special_device) {
  Ref<Inode> made;
  switch (mode & mode::kType) {
    case mode::kDirectory: made = Ref<Inode>(new (std::nothrow) TmpfsDirectory(instance_, mode)); break;
    case mode::kRegular: made = Ref<Inode>(new (std::nothrow) TmpfsFile(instance_, mode, name)); break;
    case mode::kFifo: made = TRY(make_fifo(mode)); break;
    case mode::kCharacter:
    case mode::kBlock:
    case mode::kSocket: made = Ref<Inode>(new (std::nothrow) DeviceInode(mode, special_device)); break;
    default: return fail(Errno::kInval);
  }
  if (!made) return fail(Errno::kNoMem);
  made->status.device = status.device;
  if (made->is_directory()) made->status.links = 2, made->status.size = kDots * kEntrySize;
  TRY(insert(name, made));
  count_directory(*made, 1);
  return made;
}

Or<Ref<Inode>> TmpfsDirectory::create_nameless(u32 mode) {
  Ref<Inode> made(new (std::nothrow) TmpfsFile(instance_, mode, ""));
  if (!made) return fail(Errno::kNoMem);
  return made;
}

Or<> TmpfsDirectory::link(StringView name, Ref<Inode> target) {
  TRY(insert(name, target));
  ++target->status.links;
  target->status.change = now();
  return {};
}

Or<Ref<Inode>> TmpfsDirectory::symlink(StringView name, StringView target) {
  Ref<TmpfsSymlink> made(new (std::nothrow) TmpfsSymlink(instance_, target));
  if (!made || !made->complete()) return fail(Errno::kNoMem);
  TRY(insert(name, made));
  return Ref<Inode>(made);
}

Or<> TmpfsDirectory::remove(StringView name, bool directory) {
  Entry* e = find(name);
  if (e == nullptr) return fail(Errno::kNoEnt);
  if (directory && !e->inode->empty()) return fail(Errno::kNotEmpty);
  Ref<Inode> victim = take(*e);
  if (directory)
    victim->status.links = 0;
  else
    --victim->status.links;
  count_directory(*victim, -1);
  victim->status.change = now();
  touch_modified();
  return {};
}

Or<> TmpfsDirectory::rename(StringView from, Inode& to_directory, StringView to) {
  auto* target = as_directory(to_directory);
  if (target == nullptr) return fail(Errno::kXDev);
  Entry* e = find(from);
  if (e == nullptr) return fail(Errno::kNoEnt);
  TRY(target->insert(to, e->inode));
  Ref<Inode> moved = take(*e);
  count_directory(*moved, -1);
  target->count_directory(*moved, 1);
  moved->status.change = now();
  touch_modified();
  return {};
}

Or<> TmpfsDirectory::exchange(StringView name, Inode& other_directory, StringView other) {
  auto* directory = as_directory(other_directory);
  if (directory == nullptr) return fail(Errno::kXDev);
  Entry *a = find(name), *b = directory->find(other);
  if (a == nullptr || b == nullptr) return fail(Errno::kNoEnt);
  count_directory(*a->inode, -1);
  directory->count_directory(*b->inode, -1);
  std::swap(a->inode, b->inode);
  count_directory(*a->inode, 1);
  directory->count_directory(*b->inode, 1);
  a->inode->status.change = b->inode->status.change = now();
  touch_modified();
  directory->touch_modified();
  return {};
}

// Positions are the entries' cookies, so that removing while listing skips and repeats nothing.
Or<u64> TmpfsDirectory::list(u64 position, DirectorySink& sink) {
  for (const Entry& e : entries_) {
    if (e.cookie <= position) continue;
    if (!sink.add({{e.name, e.size}, e.inode->status.inode, e.inode->type(), e.cookie})) return position;
    position = e.cookie;
  }
  return position;
}

}  // namespace ido::fs
