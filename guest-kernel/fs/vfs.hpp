// The virtual file system: Inode (a file), Dentry (a name in the tree), File (an open file), FileTable (a process's).
//
// A file system derives from Inode and overrides what it can do; what it does not override fails with Linux's error.
// Nothing here knows processes: the caller passes the working directory and the FileTable. All calls may sleep.
#pragma once

#include "base/intrusive_list.hpp"
#include "fs/buffer.hpp"
#include "lib/errno.hpp"
#include "lib/ref.hpp"
#include "lib/vector.hpp"
#include "lib/wait.hpp"

namespace ido {
class Backing;  // mm/backing.hpp
}

namespace ido::fs {

// File types and permissions as in st_mode (Linux asm-generic/stat.h).
namespace mode {
inline constexpr u32 kType = 0170000, kFifo = 0010000, kCharacter = 0020000, kDirectory = 0040000, kBlock = 0060000,
                     kRegular = 0100000, kSymlink = 0120000, kSocket = 0140000, kPermissions = 07777;
}

// Flags of open(2), i386 (asm-generic/fcntl.h).
namespace open_flag {
inline constexpr u32 kAccess = 3, kReadOnly = 0, kWriteOnly = 1, kReadWrite = 2, kCreate = 0100, kExclusive = 0200,
                     kNoControllingTty = 0400, kTruncate = 01000, kAppend = 02000, kNonBlock = 04000,
                     kDirectory = 0200000, kNoFollow = 0400000, kCloseOnExec = 02000000, kPath = 010000000;
}

// Bits of poll(2).
namespace poll_bit {
inline constexpr u32 kIn = 1, kPriority = 2, kOut = 4, kError = 8, kHangUp = 16, kInvalid = 32;
}

struct Time {
  i64 seconds = 0;
  u32 nanoseconds = 0;
};

// What stat(2) tells, before it is put into one of its many shapes.
struct Status {
  u32 device = 0;
  u64 inode = 0;
  u32 mode = 0;
  u32 links = 1;
  u32 user = 0, group = 0;
  u32 special_device = 0;  // major << 8 | minor
  u64 size = 0;            // bytes
  Time access, modify, change;
};

struct FileSystemStatus {
  u32 magic = 0;
  u64 total_pages = 0, free_pages = 0;
};

class Inode;
class File;
class Dentry;

struct DirectoryEntry {
  StringView name;
  u64 inode = 0;
  u32 type = 0;  // mode::kType bits
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

  Status status;
  bool is_directory() const { return (status.mode & mode::kType) == mode::kDirectory; }
  bool is_symlink() const { return (status.mode & mode::kType) == mode::kSymlink; }
  bool is_regular() const { return (status.mode & mode::kType) == mode::kRegular; }
  virtual void refresh_status() {}  // brings size and the like up to date before stat

  // Directories. A name has no slash and is at most 255 bytes.
  virtual Or<Ref<Inode>> lookup(StringView name);
  virtual Or<Ref<Inode>> create(StringView name, u32 mode, u32 special_device);  // regular, directory, fifo, device
  virtual Or<> link(StringView name, Ref<Inode> target);
  virtual Or<> symlink(StringView name, StringView target);
  virtual Or<> remove(StringView name, bool directory);  // unlink and rmdir
  virtual Or<> rename(StringView from, Inode& to_directory, StringView to);
  // Entries from `position` on (0 at first), "." and ".." not included; returns the position to go on at.
  virtual Or<u64> list(u64 position, DirectorySink& sink);
  virtual Or<> read_link(Text& target);
  // A link that leads to an open object itself (/proc/PID/exe, fd/N); null: follow read_link's text.
  virtual Ref<Dentry> jump();

  // Files.
  virtual Or<Ref<File>> open(Ref<Dentry> dentry, u32 flags);
  virtual Or<u32> read(u64 position, Buffer& buffer);
  virtual Or<u32> write(u64 position, Buffer& buffer);
  virtual Or<> truncate(u64 size);
  virtual Backing* backing() { return nullptr; }  // for mmap and exec; null: can't be mapped
  virtual void opened_as(StringView) {}           // the path of the last open, for reports and /proc/PID/maps
  virtual FileSystemStatus file_system() { return {}; }
};

// A name in the tree of mounted file systems. Lives while somebody holds it or a name below it.
class Dentry : public RefCounted {
 public:
  // Takes a copy of the name; `valid()` is false when there was no memory for it.
  Dentry(Ref<Dentry> parent, StringView name, Ref<Inode> inode);
  ~Dentry() override;

  Ref<Inode> inode;
  Ref<Dentry> parent;         // null at the root of a file system
  Ref<Dentry> covered;        // root of a mounted file system: what it is mounted on
  Dentry* mounted = nullptr;  // a mount point: the root that covers it, held by the mount list
  StringView name() const { return name_.view(); }
  // The live child of that name, or null.
  Dentry* find_child(StringView name);
  void move(Ref<Dentry> new_parent, StringView new_name);

  ListNode sibling;
  IntrusiveList<Dentry, &Dentry::sibling> children;

 private:
  Text name_;
};

// An open file description: shared by duplicated descriptors and forked processes.
class File : public RefCounted {
 public:
  File(Ref<Dentry> where, u32 open_flags) : dentry(std::move(where)), flags(open_flags) {}

  Ref<Dentry> dentry;  // null: a pipe or the like without a name
  u32 flags;           // open_flag; kAppend and kNonBlock may change (fcntl)
  u64 position = 0;

  bool readable() const { return (flags & open_flag::kAccess) != open_flag::kWriteOnly; }
  bool writable() const { return (flags & open_flag::kAccess) != open_flag::kReadOnly; }
  Inode* inode() const { return dentry ? dentry->inode.get() : nullptr; }

  // Bytes moved. `at`: the file's own position for read(2), the caller's for pread(2); moved along.
  virtual Or<u32> read(Buffer& buffer, u64& at);
  virtual Or<u32> write(Buffer& buffer, u64& at);
  virtual bool seekable() const { return true; }
  virtual Or<u32> control(u32 request, u32 argument);  // ioctl; argument is often a user address
  virtual u32 poll();                                  // poll_bit; readiness changes call poll_changed()
  virtual Or<> list(DirectorySink& sink);              // with "." and ".."; goes on at `position`
  virtual Or<Status> file_status();
};

// Wakes all who wait in poll or select to look again.
void poll_changed();
WaitQueue& poll_queue();

// A process's descriptors; shared by threads.
class FileTable : public RefCounted {
 public:
  static constexpr u32 kMost = 1024;
  struct Slot {
    Ref<File> file;
    bool close_on_exec = false;
  };

  Or<Ref<File>> get(u32 descriptor) const;
  Or<u32> add(Ref<File> file, bool close_on_exec, u32 lowest = 0);
  Or<> put(u32 descriptor, Ref<File> file, bool close_on_exec);  // dup2
  Or<> close(u32 descriptor);
  Or<Ref<FileTable>> clone() const;
  void close_on_exec();
  u32 size() const { return slots_.size(); }
  Slot* slot(u32 descriptor) {
    return descriptor < slots_.size() && slots_[descriptor].file ? &slots_[descriptor] : nullptr;
  }

 private:
  Vector<Slot> slots_;
};

// --- Path lookup. `start`: the working directory (or a directory descriptor's); absolute paths start at the root.
enum class Follow : u8 { kNo, kLast };

Ref<Dentry> root();
void set_root(Ref<Inode> file_system_root);
Or<Ref<Dentry>> lookup(Ref<Dentry> start, StringView path, Follow follow = Follow::kLast);

// The directory that holds the last component, and that component.
struct Parent {
  Ref<Dentry> directory;
  StringView name;
  bool slash_after = false;  // "name/": must be a directory
};
Or<Parent> lookup_parent(Ref<Dentry> start, StringView path);

Or<Ref<File>> open(Ref<Dentry> start, StringView path, u32 flags, u32 permissions);
Or<Ref<Inode>> make(Ref<Dentry> start, StringView path, u32 mode, u32 special_device = 0);  // mkdir, mknod
Or<> remove(Ref<Dentry> start, StringView path, bool directory);
Or<> rename(Ref<Dentry> from_start, StringView from, Ref<Dentry> to_start, StringView to);
Or<> link(Ref<Dentry> target, Ref<Dentry> start, StringView path);
Or<> symlink(StringView target, Ref<Dentry> start, StringView path);
void path_of(Ref<Dentry> dentry, Text& path);

Or<> mount(Ref<Dentry> on, Ref<Inode> file_system_root, StringView type);
Or<> unmount(Ref<Dentry> mounted_root);
struct Mount {
  Ref<Dentry> root;
  StringView type;  // a literal
};
const Vector<Mount>& mounts();  // oldest first

// The time of day, for file times.
Time now();

}  // namespace ido::fs
