// What an Inode does when a file system does not say otherwise.
#include "fs/inode.hpp"

#include "arch/time.hpp"
#include "fs/lock.hpp"

namespace ido::fs {

namespace {
u64 g_next_inode = 1;
u32 g_next_device = 1;
}  // namespace

u32 new_device() {
  const u32 device = g_next_device;
  g_next_device = g_next_device % 0xff + 1;  // minors of major 0; they come again after 255 mounts
  return device;
}

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

Inode::~Inode() { destroy_locks(*this); }

Or<Ref<Inode>> Inode::lookup(StringView) { return fail(is_directory() ? Errno::kNoEnt : Errno::kNotDir); }
Or<Ref<Inode>> Inode::create(StringView, u32, u32) { return fail(Errno::kPerm); }
Or<> Inode::link(StringView, Ref<Inode>) { return fail(Errno::kPerm); }
Or<Ref<Inode>> Inode::symlink(StringView, StringView) { return fail(Errno::kPerm); }
Or<> Inode::remove(StringView, bool) { return fail(Errno::kPerm); }
Or<> Inode::rename(StringView, Inode&, StringView) { return fail(Errno::kPerm); }
Or<> Inode::exchange(StringView, Inode&, StringView) { return fail(Errno::kInval); }
Or<u64> Inode::list(u64, DirectorySink&) { return fail(Errno::kNotDir); }
Or<Ref<Inode>> Inode::create_nameless(u32) { return fail(Errno::kOpNotSupp); }
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
Or<> Inode::allocate(u32, u64, u64) { return fail(is_directory() ? Errno::kIsDir : Errno::kNoDev); }

// A file of a kind that keeps no holes: all of it is data.
Or<u64> Inode::find_data(u64 position, bool hole) { return hole ? status.size : position; }

}  // namespace ido::fs
