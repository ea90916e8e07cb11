// What a file is: the stat family's shapes, statfs.
#include "lib/string.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

// struct stat64 of i386 (asm/stat.h).
struct [[gnu::packed]] Stat64 {
  u64 device;
  u32 padding0;
  u32 inode_low;
  u32 mode;
  u32 links;
  u32 user, group;
  u64 special_device;
  u32 padding3;
  i64 size;
  u32 block_size;
  u64 blocks;  // of 512 bytes
  u32 access_seconds, access_nanoseconds;
  u32 modify_seconds, modify_nanoseconds;
  u32 change_seconds, change_nanoseconds;
  u64 inode;
};
static_assert(sizeof(Stat64) == 96);

Or<u32> put_stat64(u32 address, const fs::Status& s) {
  Stat64 out{};
  out.device = s.device;
  out.inode_low = static_cast<u32>(s.inode);
  out.mode = s.mode;
  out.links = s.links;
  out.user = s.user, out.group = s.group;
  out.special_device = s.special_device;
  out.size = static_cast<i64>(s.size);
  out.block_size = kPageSize;
  out.blocks = s.blocks;
  out.access_seconds = static_cast<u32>(s.access.seconds), out.access_nanoseconds = s.access.nanoseconds;
  out.modify_seconds = static_cast<u32>(s.modify.seconds), out.modify_nanoseconds = s.modify.nanoseconds;
  out.change_seconds = static_cast<u32>(s.change.seconds), out.change_nanoseconds = s.change.nanoseconds;
  out.inode = s.inode;
  TRY(put_user(address, out));
  return 0;
}

// struct stat of i386, the one between the first and stat64.
struct Stat {
  u32 device, inode;
  u16 mode, links, user, group;
  u32 special_device, size, block_size, blocks;
  u32 access_seconds, access_nanoseconds, modify_seconds, modify_nanoseconds, change_seconds, change_nanoseconds;
  u32 unused[2];
};
static_assert(sizeof(Stat) == 64);

Or<u32> put_stat(u32 address, const fs::Status& s) {
  if (s.size > 0x7fffffff) return fail(Errno::kOverflow);
  Stat out{};
  out.device = s.device, out.inode = static_cast<u32>(s.inode);
  out.mode = static_cast<u16>(s.mode), out.links = static_cast<u16>(s.links);
  out.user = static_cast<u16>(s.user > 0xffff ? 65534 : s.user);
  out.group = static_cast<u16>(s.group > 0xffff ? 65534 : s.group);
  out.special_device = s.special_device;
  out.size = static_cast<u32>(s.size), out.block_size = kPageSize, out.blocks = static_cast<u32>(s.blocks);
  out.access_seconds = static_cast<u32>(s.access.seconds), out.access_nanoseconds = s.access.nanoseconds;
  out.modify_seconds = static_cast<u32>(s.modify.seconds), out.modify_nanoseconds = s.modify.nanoseconds;
  out.change_seconds = static_cast<u32>(s.change.seconds), out.change_nanoseconds = s.change.nanoseconds;
  TRY(put_user(address, out));
  return 0;
}

Or<fs::Status> status_at(Call& call, u32 descriptor, u32 path, u32 at_flags) {
  if (path != 0 && (at_flags & kAtEmptyPath) && TRY(get_user<char>(path)) == 0 && descriptor != kAtFdCwd) {
    Ref<fs::File> file = TRY(file_of(call, descriptor));
    return file->file_status();
  }
  Ref<fs::Dentry> dentry = TRY(lookup_at(call, descriptor, path, at_flags));
  dentry->inode->refresh_status();
  return dentry->inode->status;
}

// struct statx (linux/stat.h).
struct StatxTime {
  i64 seconds;
  u32 nanoseconds;
  i32 reserved;
};
struct Statx {
  u32 mask, block_size;
  u64 attributes;
  u32 links, user, group;
  u16 mode, spare0;
  u64 inode, size, blocks, attributes_mask;
  StatxTime access, birth, change, modify;
  u32 special_major, special_minor, device_major, device_minor;
  u64 spare[14];
};
static_assert(sizeof(Statx) == 256);

// struct statfs64 of i386: packed, 84 bytes.
struct [[gnu::packed]] StatFs64 {
  u32 type, block_size;
  u64 blocks, free_blocks, available_blocks, files, free_files;
  u32 id[2], name_length, fragment_size, flags, spare[4];
};
static_assert(sizeof(StatFs64) == 84);

struct StatFs {
  u32 type, block_size, blocks, free_blocks, available_blocks, files, free_files, id[2], name_length, fragment_size,
      flags, spare[4];
};

template <class T>
Or<u32> put_file_system(u32 address, const fs::Dentry& dentry) {
  fs::Inode& inode = *dentry.inode;
  const u32 mounted = fs::mount_flags(dentry);
  const fs::FileSystemStatus s = inode.file_system();
  T out{};
  out.type = s.magic;
  out.block_size = out.fragment_size = kPageSize;
  out.blocks = static_cast<u32>(s.total_pages);
  out.free_blocks = out.available_blocks = static_cast<u32>(s.free_pages);
  out.files = static_cast<u32>(s.total_files), out.free_files = static_cast<u32>(s.free_files);
  out.id[0] = inode.status.device;
  out.name_length = 255;
  constexpr u32 kValid = 0x20;  // the flags below mean something: ST_* are the numbers of mount(2)'s
  out.flags = kValid | (mounted & 0x1f);
  TRY(put_user(address, out));
  return 0;
}

}  // namespace

Or<u32> sys_stat64(Call& call) { return put_stat64(call[1], TRY(status_at(call, kAtFdCwd, call[0], 0))); }
Or<u32> sys_lstat64(Call& call) {
  return put_stat64(call[1], TRY(status_at(call, kAtFdCwd, call[0], kAtSymlinkNoFollow)));
}
Or<u32> sys_fstatat64(Call& call) { return put_stat64(call[2], TRY(status_at(call, call[0], call[1], call[3]))); }
Or<u32> sys_fstat64(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  return put_stat64(call[1], TRY(file->file_status()));
}

Or<u32> sys_stat(Call& call) { return put_stat(call[1], TRY(status_at(call, kAtFdCwd, call[0], 0))); }
Or<u32> sys_lstat(Call& call) { return put_stat(call[1], TRY(status_at(call, kAtFdCwd, call[0], kAtSymlinkNoFollow))); }
Or<u32> sys_fstat(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  return put_stat(call[1], TRY(file->file_status()));
}

Or<u32> sys_statx(Call& call) {
  constexpr u32 kSync = 0x6000, kReserved = 0x80000000;
  if ((call[2] & kSync) == kSync || (call[3] & kReserved)) return fail(Errno::kInval);
  const fs::Status s = TRY(status_at(call, call[0], call[1], call[2]));
  constexpr u32 kBasicStats = 0x7ff;
  Statx out{};
  out.mask = kBasicStats;
  out.block_size = kPageSize;
  out.links = s.links, out.user = s.user, out.group = s.group;
  out.mode = static_cast<u16>(s.mode);
  out.inode = s.inode, out.size = s.size, out.blocks = s.blocks;
  out.access = {s.access.seconds, s.access.nanoseconds, 0};
  out.modify = {s.modify.seconds, s.modify.nanoseconds, 0};
  out.change = {s.change.seconds, s.change.nanoseconds, 0};
  out.special_major = s.special_device >> 8, out.special_minor = s.special_device & 0xff;
  out.device_major = s.device >> 8, out.device_minor = s.device & 0xff;
  TRY(put_user(call[4], out));
  return 0;
}

Or<u32> sys_statfs(Call& call) { return put_file_system<StatFs>(call[1], *TRY(lookup_at(call, kAtFdCwd, call[0], 0))); }
Or<u32> sys_statfs64(Call& call) {
  if (call[1] < sizeof(StatFs64)) return fail(Errno::kInval);
  return put_file_system<StatFs64>(call[2], *TRY(lookup_at(call, kAtFdCwd, call[0], 0)));
}
Or<u32> sys_fstatfs64(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  if (call[1] < sizeof(StatFs64)) return fail(Errno::kInval);
  if (!file->dentry) return fail(Errno::kNoSys);
  return put_file_system<StatFs64>(call[2], *file->dentry);
}
Or<u32> sys_fstatfs(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  if (!file->dentry) return fail(Errno::kNoSys);
  return put_file_system<StatFs>(call[1], *file->dentry);
}

}  // namespace ido
