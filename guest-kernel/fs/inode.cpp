// What an Inode and a File do when a file system does not say otherwise.
#include "arch/time.hpp"
#include "fs/vfs.hpp"

namespace ido::fs {

namespace {
u64 g_next_inode = 1;
WaitQueue g_poll_queue;
}  // namespace

WaitQueue& poll_queue() { return g_poll_queue; }
void poll_changed() { g_poll_queue.wake_all(); }

Time now() {
  const u64 ns = realtime_ns();
  const u64 seconds = ns / kNsPerSecond;
  return {static_cast<i64>(seconds), static_cast<u32>(ns - seconds * kNsPerSecond)};
}

Inode::Inode(u32 st_mode) {
  status.mode = st_mode;
  status.inode = g_next_inode++;
  status.access = status.modify = status.change = now();
}

Or<Ref<Inode>> Inode::lookup(StringView) { return fail(is_directory() ? Errno::kNoEnt : Errno::kNotDir); }
Or<Ref<Inode>> Inode::create(StringView, u32, u32) { return fail(Errno::kPerm); }
Or<> Inode::link(StringView, Ref<Inode>) { return fail(Errno::kPerm); }
Or<> Inode::symlink(StringView, StringView) { return fail(Errno::kPerm); }
Or<> Inode::remove(StringView, bool) { return fail(Errno::kPerm); }
Or<> Inode::rename(StringView, Inode&, StringView) { return fail(Errno::kPerm); }
Or<u64> Inode::list(u64, DirectorySink&) { return fail(Errno::kNotDir); }
Or<> Inode::read_link(Text&) { return fail(Errno::kInval); }
Ref<Dentry> Inode::jump() { return {}; }

Or<Ref<File>> Inode::open(Ref<Dentry> dentry, u32 flags) {
  auto* file = new (std::nothrow) File(std::move(dentry), flags);
  if (file == nullptr) return fail(Errno::kNoMem);
  return Ref<File>(file);
}

Or<u32> Inode::read(u64, Buffer&) { return fail(is_directory() ? Errno::kIsDir : Errno::kInval); }
Or<u32> Inode::write(u64, Buffer&) { return fail(is_directory() ? Errno::kIsDir : Errno::kInval); }
Or<> Inode::truncate(u64) { return fail(is_directory() ? Errno::kIsDir : Errno::kInval); }

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
  const u32 moved = TRY(inode()->write(at, buffer));
  at += moved;
  return moved;
}

Or<u32> File::control(u32, u32) { return fail(Errno::kNotTy); }
u32 File::poll() { return poll_bit::kIn | poll_bit::kOut; }

Or<> File::list(DirectorySink& sink) {
  Inode* directory = inode();
  if (directory == nullptr || !directory->is_directory()) return fail(Errno::kNotDir);
  if (position == 0) {
    if (!sink.add({".", directory->status.inode, mode::kDirectory})) return {};
    position = 1;
  }
  if (position == 1) {
    const u64 up = dentry->parent ? dentry->parent->inode->status.inode : directory->status.inode;
    if (!sink.add({"..", up, mode::kDirectory})) return {};
    position = 2;
  }
  position = 2 + TRY(directory->list(position - 2, sink));
  return {};
}

Or<Status> File::file_status() {
  if (inode() == nullptr) return Status{};
  inode()->refresh_status();
  return inode()->status;
}

}  // namespace ido::fs
