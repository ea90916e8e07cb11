// File: an open file description, shared by duplicated descriptors and forked processes. FileTable: a process's
// descriptors, shared by threads.
#pragma once

#include "fs/dentry.hpp"
#include "fs/poll.hpp"

namespace ido::fs {

struct EpollItem;      // fs/epoll.hpp
struct AnonymousKind;  // fs/anonymous_file.hpp

class File : public RefCounted {
 public:
  File(Ref<Dentry> where, u32 open_flags);
  ~File() override;

  Ref<Dentry> dentry;  // null: a pipe or the like without a name
  u32 flags;           // open_flag; kAppend and kNonBlock may change (fcntl)
  u64 position = 0;
  i32 owner = 0;         // fcntl(F_SETOWN): told back
  i32 owner_signal = 0;  // fcntl(F_SETSIG): told back

  bool readable() const { return (flags & open_flag::kAccess) != open_flag::kWriteOnly; }
  bool writable() const { return (flags & open_flag::kAccess) != open_flag::kReadOnly; }
  bool blocks() const { return !(flags & open_flag::kNonBlock); }
  Inode* inode() const { return dentry ? dentry->inode.get() : nullptr; }

  // Bytes moved. `at`: the file's own position for read(2), the caller's for pread(2); moved along.
  virtual Or<u32> read(Buffer& buffer, u64& at);
  virtual Or<u32> write(Buffer& buffer, u64& at);
  virtual bool seekable() const { return true; }
  virtual Or<u32> control(u32 request, u32 argument);    // ioctl; argument is often a user address
  virtual u32 poll();                                    // poll_bit
  virtual PollSource* poll_source() { return nullptr; }  // null: always as ready as it is now
  virtual Or<> list(DirectorySink& sink);                // with "." and ".."; goes on at `position`
  virtual Or<Status> file_status();
  virtual void describe(Text& text);                             // what /proc/PID/fd shows of one without a name
  virtual const AnonymousKind* kind() const { return nullptr; }  // of a file made by a call of its own
  virtual void describe_state(Text&) {}                          // more lines for /proc/PID/fdinfo

  EpollItem* watchers = nullptr;  // who watches it by epoll

 private:
  bool counts_as_writer_ = false;
};

u32 open_file_count();

class FileTable : public RefCounted {
 public:
  static constexpr u32 kMost = 1 << 20;  // fs.nr_open
  struct Slot {
    Ref<File> file;
    bool close_on_exec = false;
  };

  ~FileTable() override;
  // How many the running process may have: RLIMIT_NOFILE.
  static u32 limit();

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
  void close_slot(Slot& slot);

  Vector<Slot> slots_;
  u32 first_free_ = 0;  // no descriptor below it is free
};

}  // namespace ido::fs
