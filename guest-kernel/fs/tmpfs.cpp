#include "fs/tmpfs.hpp"

#include "arch/kmap.hpp"
#include "fs/device.hpp"
#include "fs/pipe.hpp"
#include "lib/string.hpp"
#include "mm/stats.hpp"

namespace ido::fs {

namespace {

constexpr u32 kTmpfsMagic = 0x01021994;
constexpr u64 kMostSize = u64{0x7fffffff} << kPageShift;  // what a page index can name

FileSystemStatus tmpfs_status() {
  const MemoryInfo memory = memory_info();
  return {kTmpfsMagic, memory.total_pages / 2, memory.available_pages / 2};
}

// A regular file: an inode and the pages that it owns. mm may hold it (mappings) longer than any name does.
class RegularFile final : public Inode, public Backing {
 public:
  RegularFile(u32 mode, StringView name) : Inode(mode) { opened_as(name); }

  Backing* backing() override { return this; }
  void opened_as(StringView path) override {
    const u32 n = path.size < sizeof name_ - 1 ? path.size : static_cast<u32>(sizeof name_) - 1;
    memcpy(name_, path.data, n);
    name_[n] = 0;
  }
  FileSystemStatus file_system() override { return tmpfs_status(); }

  Or<u32> read(u64 position, Buffer& buffer) override {
    const u32 before = buffer.done();
    while (buffer.left() > 0 && position < status.size) {
      const u32 offset = static_cast<u32>(position) & kPageMask;
      const u64 rest = status.size - position;
      u32 n = kPageSize - offset < buffer.left() ? kPageSize - offset : buffer.left();
      if (n > rest) n = static_cast<u32>(rest);
      Page* page = find_page(static_cast<u32>(position >> kPageShift));
      auto copied = page == nullptr ? buffer.give_zeroes(n) : copy_out(page, offset, n, buffer);
      if (!copied.ok()) {
        if (buffer.done() > before) break;
        return fail(copied.error());
      }
      position += n;
    }
    return buffer.done() - before;
  }

  Or<u32> write(u64 position, Buffer& buffer) override {
    const u32 before = buffer.done();
    if (position >= kMostSize) return fail(Errno::kFBig);
    while (buffer.left() > 0 && position < kMostSize) {
      const u32 offset = static_cast<u32>(position) & kPageMask;
      const u32 n = kPageSize - offset < buffer.left() ? kPageSize - offset : buffer.left();
      auto copied = copy_in(static_cast<u32>(position >> kPageShift), offset, n, buffer);
      if (!copied.ok()) {
        if (buffer.done() > before) break;
        return fail(copied.error() == Errno::kNoMem ? Errno::kNoSpc : copied.error());
      }
      position += n;
      if (position > status.size) status.size = position;
    }
    status.modify = status.change = now();
    return buffer.done() - before;
  }

  Or<> truncate(u64 size) override {
    if (size > kMostSize) return fail(Errno::kFBig);
    const bool shrinks = size < status.size;
    status.size = size;  // first, so that no fault brings a page back
    if (shrinks) truncate_pages(static_cast<u32>((size + kPageMask) >> kPageShift), static_cast<u32>(size) & kPageMask);
    status.modify = status.change = now();
    return {};
  }

  // Backing.
  u64 size_bytes() override { return status.size; }
  void hold() override { Inode::hold(); }
  void release() override { Inode::release(); }
  void describe(char* buffer, u32 size) override { format_to(buffer, size, "%s", name_); }
  u32 inode_number() override { return static_cast<u32>(status.inode); }
  u32 device_number() override { return 1; }

 private:
  // A page of bytes goes through a bounce in the kernel: a user copy may sleep, and an atomic kmap may not be held
  // then.
  static constexpr u32 kBounce = 512;

  static Or<> copy_out(Page* page, u32 offset, u32 size, Buffer& buffer) {
    u8 bounce[kBounce];
    Or<> result{};
    while (size > 0 && result.ok()) {
      const u32 n = size < kBounce ? size : kBounce;
      {
        Kmap map(frame_of(page));
        memcpy(bounce, map.bytes() + offset, n);
      }
      result = buffer.give(bounce, n);
      offset += n, size -= n;
    }
    put_page(page);
    return result;
  }

  Or<> copy_in(u32 index, u32 offset, u32 size, Buffer& buffer) {
    Page* page = size == kPageSize ? TRY(fetch_page_for_overwrite(index)) : TRY(fetch_page(index));
    u8 bounce[kBounce];
    Or<> result{};
    while (size > 0) {
      const u32 n = size < kBounce ? size : kBounce;
      result = buffer.take(bounce, n);
      if (!result.ok()) break;
      {
        Kmap map(frame_of(page));
        memcpy(map.bytes() + offset, bounce, n);
      }
      offset += n, size -= n;
    }
    mark_dirty(page);
    put_page(page);
    return result;
  }

  char name_[128];
};

class Symlink final : public Inode {
 public:
  explicit Symlink(StringView target) : Inode(mode::kSymlink | 0777) {
    target_.add(target);
    status.size = target.size;
  }
  bool complete() const { return target_.complete(); }
  Or<> read_link(Text& target) override {
    target.add(target_.view());
    return {};
  }
  FileSystemStatus file_system() override { return tmpfs_status(); }

 private:
  Text target_;
};

class Directory final : public Inode {
 public:
  explicit Directory(u32 mode) : Inode(mode) { status.links = 2; }
  FileSystemStatus file_system() override { return tmpfs_status(); }

  Or<Ref<Inode>> lookup(StringView name) override {
    const Entry* e = find(name);
    if (e == nullptr) return fail(Errno::kNoEnt);
    return e->inode;
  }

  Or<Ref<Inode>> create(StringView name, u32 mode, u32 special_device) override {
    Ref<Inode> made;
    switch (mode & mode::kType) {
      case mode::kDirectory: made = Ref<Inode>(new (std::nothrow) Directory(mode)); break;
      case mode::kRegular: made = Ref<Inode>(new (std::nothrow) RegularFile(mode, name)); break;
      case mode::kFifo: made = TRY(make_fifo(mode)); break;
      case mode::kCharacter:
      case mode::kBlock: made = Ref<Inode>(new (std::nothrow) DeviceInode(mode, special_device)); break;
      default: return fail(Errno::kInval);
    }
    if (!made) return fail(Errno::kNoMem);
    TRY(insert(name, made));
    if (made->is_directory()) ++status.links;
    return made;
  }

  Or<> link(StringView name, Ref<Inode> target) override {
    TRY(insert(name, target));
    ++target->status.links;
    return {};
  }

  Or<> symlink(StringView name, StringView target) override {
    auto* made = new (std::nothrow) Symlink(target);
    if (made == nullptr) return fail(Errno::kNoMem);
    Ref<Inode> held(made);
    if (!made->complete()) return fail(Errno::kNoMem);
    return insert(name, held);
  }

  Or<> remove(StringView name, bool directory) override {
    const i32 at = index_of(name);
    if (at < 0) return fail(Errno::kNoEnt);
    Ref<Inode> victim = entries_[static_cast<u32>(at)].inode;
    if (directory) {
      auto* below = static_cast<Directory*>(victim.get());
      if (!below->entries_.empty()) return fail(Errno::kNotEmpty);
      below->status.links = 0;
      --status.links;
    } else {
      --victim->status.links;
    }
    entries_.erase(static_cast<u32>(at));
    touch();
    return {};
  }

  Or<> rename(StringView from, Inode& to_directory, StringView to) override {
    auto* target = dynamic_directory(to_directory);
    if (target == nullptr) return fail(Errno::kXDev);
    const i32 at = index_of(from);
    if (at < 0) return fail(Errno::kNoEnt);
    Ref<Inode> moved = entries_[static_cast<u32>(at)].inode;
    TRY(target->insert(to, moved));
    entries_.erase(static_cast<u32>(index_of(from)));
    if (moved->is_directory()) --status.links, ++target->status.links;
    touch();
    return {};
  }

  // Positions are the entries' cookies, so that removing while listing skips and repeats nothing.
  Or<u64> list(u64 position, DirectorySink& sink) override {
    for (const Entry& e : entries_) {
      if (e.cookie <= position) continue;
      if (!sink.add({e.name.view(), e.inode->status.inode, e.inode->status.mode & mode::kType})) return position;
      position = e.cookie;
    }
    return position;
  }

 private:
  struct Entry {
    Text name;
    Ref<Inode> inode;
    u64 cookie = 0;
  };

  // Without RTTI: a tmpfs directory knows another by the magic of its file system.
  static Directory* dynamic_directory(Inode& inode) {
    return inode.is_directory() && inode.file_system().magic == kTmpfsMagic ? static_cast<Directory*>(&inode) : nullptr;
  }
  i32 index_of(StringView name) const {
    for (u32 i = 0; i < entries_.size(); ++i)
      if (entries_[i].name.view() == name) return static_cast<i32>(i);
    return -1;
  }
  const Entry* find(StringView name) const {
    const i32 at = index_of(name);
    return at < 0 ? nullptr : &entries_[static_cast<u32>(at)];
  }
  Or<> insert(StringView name, Ref<Inode> inode) {
    Entry e;
    e.name.add(name);
    if (!e.name.complete()) return fail(Errno::kNoMem);
    e.inode = std::move(inode);
    e.cookie = ++last_cookie_;
    TRY(entries_.push(std::move(e)));
    touch();
    return {};
  }
  void touch() { status.modify = status.change = now(); }

  Vector<Entry> entries_;
  u64 last_cookie_ = 0;
};

}  // namespace

Or<Ref<Inode>> make_tmpfs() {
  Ref<Inode> top(new (std::nothrow) Directory(mode::kDirectory | 0755));
  if (!top) return fail(Errno::kNoMem);
  return top;
}

}  // namespace ido::fs
