// What tmpfs is made of: an instance (one mount), and its files, directories and symbolic links. For fs only.
#pragma once

#include "fs/inode.hpp"
#include "mm/backing.hpp"
#include "mm/kmalloc.hpp"

namespace ido::fs {

inline constexpr u32 kTmpfsMagic = 0x01021994;
inline constexpr u32 kInodeSize = 4096;  // bytes that an inode stands for, in statfs

// What all inodes of a mount share: its device number and its limits.
struct TmpfsInstance final : RefCounted {
  u32 device = new_device();
  u64 most_pages = 0;  // 0: half of the memory (tmpfs(5))
  u64 pages = 0;
  u64 inodes = 0;
  u64 limit() const;
};

class TmpfsInode : public Inode {
 public:
  TmpfsInode(Ref<TmpfsInstance> instance, u32 mode);
  ~TmpfsInode() override;
  FileSystemStatus file_system() override;
  TmpfsInstance& instance() { return *instance_; }

 protected:
  Ref<TmpfsInstance> instance_;
};

// A regular file: an inode and the pages that it owns. mm may hold it (mappings) longer than any name does.
class TmpfsFile final : public TmpfsInode, public Backing {
 public:
  TmpfsFile(Ref<TmpfsInstance> instance, u32 mode, StringView name);
  ~TmpfsFile() override;
  static void* operator new(usize size, const std::nothrow_t&) noexcept;
  static void operator delete(void* inode);

  Backing* backing() override { return this; }
  void opened_as(StringView path) override;
  void refresh_status() override;
  Or<u32> read(u64 position, Buffer& buffer) override;
  Or<u32> write(u64 position, Buffer& buffer) override;
  Or<> truncate(u64 size) override;
  Or<> allocate(u32 mode, u64 offset, u64 size) override;
  Or<u64> find_data(u64 position, bool hole) override;

  // Backing.
  u64 size_bytes() override { return status.size; }
  void hold() override { Inode::hold(); }
  void release() override { Inode::release(); }
  void describe(char* buffer, u32 size) override;
  u32 inode_number() override { return static_cast<u32>(status.inode); }
  u32 device_number() override { return status.device; }

 private:
  void account();
  bool room_for(u32 index);
  Or<> copy_in(u32 index, u32 offset, u32 size, Buffer& buffer);

  u32 counted_pages_ = 0;  // of cached_pages(), in the instance's sum
  char name_[124];
};

class TmpfsDirectory final : public TmpfsInode {
 public:
  using TmpfsInode::TmpfsInode;
  ~TmpfsDirectory() override;
  static void* operator new(usize size, const std::nothrow_t&) noexcept;
  static void operator delete(void* inode);

  bool caches_names() const override { return true; }
  Or<Ref<Inode>> lookup(StringView name) override;
  Or<Ref<Inode>> create(StringView name, u32 mode, u32 special_device) override;
  Or<Ref<Inode>> create_nameless(u32 mode) override;
  Or<> link(StringView name, Ref<Inode> target) override;
  Or<Ref<Inode>> symlink(StringView name, StringView target) override;
  Or<> remove(StringView name, bool directory) override;
  Or<> rename(StringView from, Inode& to_directory, StringView to) override;
  Or<> exchange(StringView name, Inode& other_directory, StringView other) override;
  Or<u64> list(u64 position, DirectorySink& sink) override;
  bool empty() override { return entries_.empty(); }

 private:
  struct Entry;
  Entry* find(StringView name);
  Or<> insert(StringView name, Ref<Inode> inode);
  Or<> grow_table();
  Ref<Inode> take(Entry& entry);
  void count_directory(const Inode& inode, i32 change);

  struct Entry {
    Ref<Inode> inode;
    u64 cookie = 0;  // its position in listings: never given to another
    Entry* next_in_bucket = nullptr;
    ListNode node;
    u32 hash = 0;
    u8 size = 0;
    char name[1];  // `size` bytes
  };
  static Entry* make_entry(StringView name);

  IntrusiveList<Entry, &Entry::node> entries_;  // in the order of their making
  Vector<Entry*> buckets_;                      // by hash; a power of two, at least as many as entries
  u32 count_ = 0;
  u64 last_cookie_ = 0;
};

}  // namespace ido::fs
