// What a File does when its kind does not say otherwise: it reads and writes the inode.
#include "fs/file.hpp"

#include "fs/epoll.hpp"
#include "fs/lock.hpp"
#include "fs/permission.hpp"
#include "lib/limits.hpp"
#include "lib/process.hpp"

namespace ido::fs {

namespace {

// Hands entries on with the positions of an open directory, where "." and ".." come first.
class BehindDots final : public DirectorySink {
 public:
  static constexpr u64 kDots = 2;
  explicit BehindDots(DirectorySink& sink) : sink_(sink) {}
  bool add(const DirectoryEntry& entry) override {
    DirectoryEntry moved = entry;
    moved.next += kDots;
    return sink_.add(moved);
  }

 private:
  DirectorySink& sink_;
};

// RLIMIT_FSIZE: a write that begins beyond it fails, one that would go beyond is cut there (setrlimit(2)).
Or<> keep_to_size_limit(const Inode& inode, u64 at, Buffer& buffer) {
  constexpr i32 kSigXFsz = 25;
  const u64 limit = resource_limit(Resource::kFileSize);
  if (limit == kUnlimited || !inode.is_regular() || buffer.left() == 0) return {};
  if (at >= limit) {
    signal_current(kSigXFsz);
    return fail(Errno::kFBig);
  }
  buffer.cut(limit - at);
  return {};
}

}  // namespace

namespace {
u32 g_open_files = 0;
}
u32 open_file_count() { return g_open_files; }

File::File(Ref<Dentry> where, u32 open_flags) : dentry(std::move(where)), flags(open_flags) {
  ++g_open_files;
  counts_as_writer_ = inode() != nullptr && inode()->is_regular() && writable() && !(flags & open_flag::kPath);
  if (counts_as_writer_) ++inode()->writers;
}

File::~File() {
  --g_open_files;
  if (watchers != nullptr) forget_watchers(*this);
  if (inode() == nullptr) return;
  if (counts_as_writer_) --inode()->writers;
  if (inode()->locks != nullptr) release_locks(*inode(), this);
}

Or<u32> File::read(Buffer& buffer, u64& at) {
  if (inode() == nullptr) return fail(Errno::kInval);
  const u32 moved = TRY(inode()->read(at, buffer));
  at += moved;
  return moved;
}

Or<u32> File::write(Buffer& buffer, u64& at) {
  if (inode() == nullptr) return fail(Errno::kInval);
  if (flags & open_flag::kAppend) {
    inode()->refresh_status();
    at = inode()->status.size;
  }
  TRY(keep_to_size_limit(*inode(), at, buffer));
  const u32 moved = TRY(inode()->write(at, buffer));
  if (moved > 0) drop_set_id_bits(*inode());
  at += moved;
  return moved;
}

Or<u32> File::control(u32, u32) { return fail(Errno::kNotTy); }
u32 File::poll() { return poll_bit::kIn | poll_bit::kOut; }

Or<> File::list(DirectorySink& sink) {
  Inode* directory = inode();
  if (directory == nullptr || !directory->is_directory()) return fail(Errno::kNotDir);
  if (dentry->unlinked) return fail(Errno::kNoEnt);
  if (position == 0) {
    if (!sink.add({".", directory->status.inode, mode::kDirectory, 1})) return {};
    position = 1;
  }
  if (position == 1) {
    const u64 up = dentry->parent ? dentry->parent->inode->status.inode : directory->status.inode;
    if (!sink.add({"..", up, mode::kDirectory, BehindDots::kDots})) return {};
    position = BehindDots::kDots;
  }
  BehindDots behind(sink);
  position = BehindDots::kDots + TRY(directory->list(position - BehindDots::kDots, behind));
  return {};
}

Or<Status> File::file_status() {
  if (inode() == nullptr) return Status{};
  inode()->refresh_status();
  return inode()->status;
}

void File::describe(Text& text) { text.add(StringView("anon_inode:[file]")); }

}  // namespace ido::fs
