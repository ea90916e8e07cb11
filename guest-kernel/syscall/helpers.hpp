// What many handlers share: paths from the user, descriptors, directory descriptors.
#pragma once

#include "fs/vfs.hpp"
#include "mm/uaccess.hpp"
#include "syscall/call.hpp"

namespace ido {

inline constexpr u32 kPathMax = 4096;  // bytes with the terminator (limits.h)
inline constexpr u32 kAtFdCwd = static_cast<u32>(-100);
inline constexpr u32 kAtSymlinkNoFollow = 0x100, kAtRemoveDir = 0x200, kAtSymlinkFollow = 0x400, kAtEmptyPath = 0x1000;

// A path copied from the user; frees itself.
class UserPath {
 public:
  static Or<UserPath> copy(u32 address);
  UserPath(UserPath&& o) noexcept : text_(o.text_), size_(o.size_) { o.text_ = nullptr; }
  ~UserPath() { ::operator delete(text_); }
  StringView view() const { return {text_, size_}; }
  const char* c_str() const { return text_; }

 private:
  UserPath(char* text, u32 size) : text_(text), size_(size) {}
  char* text_;
  u32 size_;
};

inline u64 join(u32 low, u32 high) { return static_cast<u64>(high) << 32 | low; }

inline fs::FileTable& files(Call& call) { return *call.task.process->files; }
inline Or<Ref<fs::File>> file_of(Call& call, u32 descriptor) { return files(call).get(descriptor); }
inline Ref<fs::Dentry> working_directory(Call& call) { return call.task.process->directory; }

// Two new descriptors for a pair of files, their numbers told at `address`. All or nothing.
Or<u32> add_pair(Call& call, Ref<fs::File> first, Ref<fs::File> second, bool close_on_exec, u32 address);

// Where a path relative to `descriptor` starts: kAtFdCwd or an open directory.
Or<Ref<fs::Dentry>> start_of(Call& call, u32 descriptor);
// Where `path` starts: the root, or as start_of says.
Or<Ref<fs::Dentry>> start_for(Call& call, u32 descriptor, const UserPath& path);
// The *at calls' name: relative to a descriptor; empty with kAtEmptyPath is the descriptor's own file.
Or<Ref<fs::Dentry>> lookup_at(Call& call, u32 descriptor, u32 path_address, u32 at_flags);

// Milliseconds, microseconds, nanoseconds in the user's structures to nanoseconds. Errno::kInval: out of range.
Or<u64> timespec32_from_user(u32 address);
Or<u64> timespec64_from_user(u32 address);

}  // namespace ido
