// Inode: a file. A file system derives from it and overrides what it can do; what it does not override fails with
// Linux's error. Calls may sleep. Nothing here checks permissions: fs/permission.hpp does, before.
#pragma once

#include "fs/buffer.hpp"
#include "fs/types.hpp"
#include "lib/errno.hpp"
#include "lib/ref.hpp"
#include "lib/vector.hpp"

namespace ido {
class Backing;  // mm/backing.hpp
}

namespace ido::fs {

class File;
class Dentry;
struct FileLocks;  // fs/lock.hpp

struct DirectoryEntry {
  StringView name;
  u64 inode = 0;
  u32 type = 0;  // mode::kType bits
  u64 next = 0;  // the position that goes on behind this entry
};

// Receives directory entries; returns false when it has no room for another.
class DirectorySink {
 public:
  virtual bool add(const DirectoryEntry& entry) = 0;

 protected:
  ~DirectorySink() = default;
};

class Inode : public RefCounted {
 public:
  explicit Inode(u32 mode);
  ~Inode() override;

  Status status;
  u32 type() const { return status.mode & mode::kType; }
  bool is_directory() const { return type() == mode::kDirectory; }
  bool is_symlink() const { return type() == mode::kSymlink; }
  bool is_regular() const { return type() == mode::kRegular; }
  virtual void refresh_status() {}  // brings size and the like up to date before stat

  // Directories. A name has no slash and is at most 255 bytes. The caller has looked: create, link and symlink are for
  // a free name, remove and rename for one that is there; rename's target name is free.
  virtual Or<Ref<Inode>> lookup(StringView name);
  virtual Or<Ref<Inode>> create(StringView name, u32 mode, u32 special_device);  // regular, directory, fifo, device
  virtual Or<> link(StringView name, Ref<Inode> target);
  virtual Or<Ref<Inode>> symlink(StringView name, StringView target);
  virtual Or<> remove(StringView name, bool directory);  // unlink and rmdir
  virtual Or<> rename(StringView from, Inode& to_directory, StringView to);
  virtual Or<> exchange(StringView name, Inode& other_directory, StringView other);  // renameat2(RENAME_EXCHANGE)
  // Entries from `position` on (0 at first), "." and ".." not included; returns the position to go on at.
  virtual Or<u64> list(u64 position, DirectorySink& sink);
  virtual bool empty() { return false; }
  // A regular file without a name (O_TMPFILE, memfd_create).
  virtual Or<Ref<Inode>> create_nameless(u32 mode);
  // Names change only through this kernel's calls, so the dentry cache may keep them, and that they are not there.
  virtual bool caches_names() const { return false; }

  virtual Or<> read_link(Text& target);
  // A link that leads to an open object itself (/proc/PID/exe, fd/N); null: follow read_link's text.
  virtual Ref<Dentry> jump();

  // Files.
  virtual Or<Ref<File>> open(Ref<Dentry> dentry, u32 flags);
  virtual Or<u32> read(u64 position, Buffer& buffer);
  virtual Or<u32> write(u64 position, Buffer& buffer);
  virtual Or<> truncate(u64 size);
  virtual Or<> allocate(u32 mode, u64 offset, u64 size);  // fallocate(2)
  // lseek(SEEK_DATA, SEEK_HOLE): the next byte of data, or the next hole, at or after `position`, which is below size.
  virtual Or<u64> find_data(u64 position, bool hole);
  virtual Backing* backing() { return nullptr; }  // for mmap and exec; null: can't be mapped
  virtual void opened_as(StringView) {}           // its path when it is mapped, for reports and /proc/PID/maps
  virtual FileSystemStatus file_system() { return {}; }

  void touch_modified() { status.modify = status.change = now(); }

  FileLocks* locks = nullptr;  // advisory locks; owned, null: none yet
  u32 seals = 0;               // fs/tmpfs.hpp; with kSealable
  static constexpr u32 kSealable = 1u << 31;
  u32 writers = 0;  // open files that may write it; execve(2): ETXTBSY
};

}  // namespace ido::fs
