// Opening, reading, writing, seeking.
#include "syscall/helpers.hpp"

namespace ido {

namespace {

constexpr u32 kMostVectors = 1024;  // UIO_MAXIOV

Or<u32> open_at(Call& call, u32 descriptor, u32 path_address, u32 flags, u32 permissions) {
  UserPath path = TRY(UserPath::copy(path_address));
  Ref<fs::Dentry> start = path.view().starts_with("/") ? fs::root() : TRY(start_of(call, descriptor));
  Ref<fs::File> file = TRY(fs::open(start, path.view(), flags & ~0100000u, permissions & ~call.task.process->umask));
  return files(call).add(file, (flags & fs::open_flag::kCloseOnExec) != 0);
}

Or<u32> read_file(fs::File& file, u32 address, u32 size, u64& at) {
  if (!file.readable() || (file.flags & fs::open_flag::kPath)) return fail(Errno::kBadF);
  if (size > 0x7ffff000) size = 0x7ffff000;  // MAX_RW_COUNT
  fs::Buffer buffer = fs::Buffer::user(address, size);
  return file.read(buffer, at);
}

Or<u32> write_file(fs::File& file, u32 address, u32 size, u64& at) {
  if (!file.writable() || (file.flags & fs::open_flag::kPath)) return fail(Errno::kBadF);
  if (size > 0x7ffff000) size = 0x7ffff000;
  fs::Buffer buffer = fs::Buffer::user(address, size);
  return file.write(buffer, at);
}

struct IoVector {
  u32 base;
  u32 size;
};

template <class Move>
Or<u32> each_vector(Call& call, Move&& move) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  if (call[2] > kMostVectors) return fail(Errno::kInval);
  u32 total = 0;
  for (u32 i = 0; i < call[2]; ++i) {
    const IoVector v = TRY(get_user<IoVector>(call[1] + i * sizeof(IoVector)));
    if (v.size == 0) continue;
    auto moved = move(*file, v.base, v.size, file->position);
    if (!moved.ok()) {
      if (total > 0) break;
      return fail(moved.error());
    }
    total += *moved;
    if (*moved < v.size) break;
  }
  return total;
}

u64 join(u32 low, u32 high) { return static_cast<u64>(high) << 32 | low; }

Or<u64> seek(fs::File& file, i64 offset, u32 whence) {
  if (!file.seekable()) return fail(Errno::kSPipe);
  i64 base = 0;
  if (whence == 1)
    base = static_cast<i64>(file.position);
  else if (whence == 2)
    base = static_cast<i64>(TRY(file.file_status()).size);
  else if (whence != 0)
    return fail(Errno::kInval);
  if (base + offset < 0) return fail(Errno::kInval);
  file.position = static_cast<u64>(base + offset);
  return file.position;
}

Or<> truncate_at(Ref<fs::Dentry> dentry, u64 size) {
  if (static_cast<i64>(size) < 0) return fail(Errno::kInval);
  return dentry->inode->truncate(size);
}

// Copies between two files through the kernel: sendfile(2).
Or<u32> send(Call& call, bool wide) {
  Ref<fs::File> out = TRY(file_of(call, call[0]));
  Ref<fs::File> in = TRY(file_of(call, call[1]));
  if (!in->readable() || !out->writable()) return fail(Errno::kBadF);
  // sendfile(2): from what can be mapped only. A terminal's end of file, read behind a line, would be lost here.
  if (in->inode() == nullptr || !in->inode()->is_regular()) return fail(Errno::kInval);
  u64 at = in->position;
  if (call[2] != 0) at = wide ? TRY(get_user<u64>(call[2])) : TRY(get_user<u32>(call[2]));
  u32 total = 0;
  u8 chunk[1024];
  while (total < call[3]) {
    const u32 want = call[3] - total < sizeof chunk ? call[3] - total : static_cast<u32>(sizeof chunk);
    fs::Buffer from = fs::Buffer::kernel(chunk, want);
    u64 next = at;
    const u32 n = TRY(in->read(from, next));
    if (n == 0) break;
    fs::Buffer to = fs::Buffer::kernel(chunk, n);
    auto written = out->write(to, out->position);
    if (!written.ok()) {
      if (total > 0) break;
      return fail(written.error());
    }
    at += *written, total += *written;
    if (*written < n) break;
  }
  if (call[2] == 0)
    in->position = at;
  else if (wide)
    TRY(put_user(call[2], at));
  else
    TRY(put_user(call[2], static_cast<u32>(at)));
  return total;
}

}  // namespace

Or<u32> sys_open(Call& call) { return open_at(call, kAtFdCwd, call[0], call[1], call[2]); }
Or<u32> sys_openat(Call& call) { return open_at(call, call[0], call[1], call[2], call[3]); }
Or<u32> sys_creat(Call& call) {
  return open_at(call, kAtFdCwd, call[0], fs::open_flag::kCreate | fs::open_flag::kWriteOnly | fs::open_flag::kTruncate,
                 call[1]);
}

Or<u32> sys_close(Call& call) {
  TRY(files(call).close(call[0]));
  return 0;
}

Or<u32> sys_read(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  return read_file(*file, call[1], call[2], file->position);
}

Or<u32> sys_write(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  return write_file(*file, call[1], call[2], file->position);
}

Or<u32> sys_readv(Call& call) { return each_vector(call, read_file); }
Or<u32> sys_writev(Call& call) { return each_vector(call, write_file); }

Or<u32> sys_pread64(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  if (!file->seekable()) return fail(Errno::kSPipe);
  u64 at = join(call[3], call[4]);
  return read_file(*file, call[1], call[2], at);
}

Or<u32> sys_pwrite64(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  if (!file->seekable()) return fail(Errno::kSPipe);
  u64 at = join(call[3], call[4]);
  return write_file(*file, call[1], call[2], at);
}

Or<u32> sys_lseek(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  const u64 position = TRY(seek(*file, static_cast<i32>(call[1]), call[2]));
  if (position > 0x7fffffff) return fail(Errno::kOverflow);
  return static_cast<u32>(position);
}

Or<u32> sys__llseek(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  const u64 position = TRY(seek(*file, static_cast<i64>(join(call[2], call[1])), call[4]));
  TRY(put_user(call[3], position));
  return 0;
}

Or<u32> sys_truncate64(Call& call) {
  Ref<fs::Dentry> dentry = TRY(lookup_at(call, kAtFdCwd, call[0], 0));
  TRY(truncate_at(dentry, join(call[1], call[2])));
  return 0;
}

Or<u32> sys_ftruncate64(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  if (!file->writable() || !file->dentry) return fail(Errno::kInval);
  TRY(truncate_at(file->dentry, join(call[1], call[2])));
  return 0;
}

Or<u32> sys_truncate(Call& call) {
  Ref<fs::Dentry> dentry = TRY(lookup_at(call, kAtFdCwd, call[0], 0));
  TRY(truncate_at(dentry, call[1]));
  return 0;
}

Or<u32> sys_ftruncate(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  if (!file->writable() || !file->dentry) return fail(Errno::kInval);
  TRY(truncate_at(file->dentry, call[1]));
  return 0;
}

Or<u32> sys_fallocate(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  if (call[1] != 0) return fail(Errno::kOpNotSupp);
  if (!file->writable() || file->inode() == nullptr || !file->inode()->is_regular()) return fail(Errno::kBadF);
  const u64 end = join(call[2], call[3]) + join(call[4], TRY(call.sixth()));
  if (end > file->inode()->status.size) TRY(file->inode()->truncate(end));
  return 0;
}

Or<u32> sys_sendfile(Call& call) { return send(call, false); }
Or<u32> sys_sendfile64(Call& call) { return send(call, true); }

Or<u32> sys_fsync(Call& call) {
  TRY(file_of(call, call[0]));
  return 0;
}
Or<u32> sys_sync(Call&) { return 0; }

}  // namespace ido
