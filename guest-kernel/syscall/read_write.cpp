// Reading and writing, in one piece or in many, at the file's position or at a given one.
#include "fs/pipe.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

constexpr u32 kMostVectors = 1024;      // UIO_MAXIOV
constexpr u32 kMostMoved = 0x7ffff000;  // MAX_RW_COUNT

using Move = Or<u32> (*)(fs::File& file, u32 address, u32 size, u64& at);

Or<u32> read_file(fs::File& file, u32 address, u32 size, u64& at) {
  if (!file.readable() || (file.flags & fs::open_flag::kPath)) return fail(Errno::kBadF);
  fs::Buffer buffer = fs::Buffer::user(address, size < kMostMoved ? size : kMostMoved);
  return file.read(buffer, at);
}

Or<u32> write_file(fs::File& file, u32 address, u32 size, u64& at) {
  if (!file.writable() || (file.flags & fs::open_flag::kPath)) return fail(Errno::kBadF);
  fs::Buffer buffer = fs::Buffer::user(address, size < kMostMoved ? size : kMostMoved);
  return file.write(buffer, at);
}

Or<Ref<fs::File>> seekable_file(Call& call, u64 position) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  if (static_cast<i64>(position) < 0) return fail(Errno::kInval);
  if (!file->seekable()) return fail(Errno::kSPipe);
  return file;
}

struct IoVector {
  u32 base;
  u32 size;
};

// Linux looks at all sizes before it moves a byte.
Or<u32> copy_vectors(Call& call, Vector<IoVector>& vectors) {
  const u32 count = call[2];
  if (count > kMostVectors) return fail(Errno::kInval);
  TRY(vectors.reserve(count));
  u64 total = 0;
  for (u32 i = 0; i < count; ++i) {
    const IoVector v = TRY(get_user<IoVector>(call[1] + i * static_cast<u32>(sizeof(IoVector))));
    if (static_cast<i32>(v.size) < 0) return fail(Errno::kInval);
    total += v.size;
    TRY(vectors.push(v));
  }
  if (total > 0x7fffffff) return fail(Errno::kInval);
  return static_cast<u32>(total);
}

Or<u32> each_vector(Call& call, fs::File& file, Move move, u64& at) {
  Vector<IoVector> vectors;
  if (TRY(copy_vectors(call, vectors)) == 0) return move(file, 0, 0, at);
  u32 total = 0;
  for (const IoVector& v : vectors) {
    if (v.size == 0) continue;
    auto moved = move(file, v.base, v.size, at);
    if (!moved.ok()) {
      if (total > 0) break;
      return fail(moved.error());
    }
    total += *moved;
    if (*moved < v.size) break;
    // A pipe or a terminal that has given something must not be waited for again.
    if (move == read_file && !file.seekable() && !(file.poll() & fs::poll_bit::kIn)) break;
  }
  return total;
}

Or<u32> each_vector_at(Call& call, Move move) {
  u64 at = join(call[3], call[4]);
  Ref<fs::File> file = TRY(seekable_file(call, at));
  return each_vector(call, *file, move, at);
}

// preadv2(2): position -1 is the file's own. Of the flags only RWF_APPEND (writing) changes what is done here.
Or<u32> each_vector_with_flags(Call& call, Move move) {
  constexpr u32 kHighPriority = 1, kDataSync = 2, kSync = 4, kNoWait = 8, kAppend = 16;
  const u32 flags = TRY(call.sixth());
  if (flags & ~(kHighPriority | kDataSync | kSync | kNoWait | kAppend)) return fail(Errno::kOpNotSupp);
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  if ((flags & kAppend) && move == write_file && file->inode() != nullptr) {
    file->inode()->refresh_status();
    u64 end = file->inode()->status.size;
    return each_vector(call, *file, move, end);
  }
  if (join(call[3], call[4]) == ~u64{0}) return each_vector(call, *file, move, file->position);
  return each_vector_at(call, move);
}

}  // namespace

Or<u32> sys_read(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  return read_file(*file, call[1], call[2], file->position);
}

Or<u32> sys_write(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  return write_file(*file, call[1], call[2], file->position);
}

Or<u32> sys_readv(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  return each_vector(call, *file, read_file, file->position);
}
Or<u32> sys_writev(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  return each_vector(call, *file, write_file, file->position);
}

Or<u32> sys_pread64(Call& call) {
  u64 at = join(call[3], call[4]);
  Ref<fs::File> file = TRY(seekable_file(call, at));
  return read_file(*file, call[1], call[2], at);
}
Or<u32> sys_pwrite64(Call& call) {
  u64 at = join(call[3], call[4]);
  Ref<fs::File> file = TRY(seekable_file(call, at));
  return write_file(*file, call[1], call[2], at);
}

Or<u32> sys_preadv(Call& call) { return each_vector_at(call, read_file); }
Or<u32> sys_pwritev(Call& call) { return each_vector_at(call, write_file); }
Or<u32> sys_preadv2(Call& call) { return each_vector_with_flags(call, read_file); }
Or<u32> sys_pwritev2(Call& call) { return each_vector_with_flags(call, write_file); }

// vmsplice(2): a pipe here owns its pages, so the user's are copied.
Or<u32> sys_vmsplice(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  if (call[3] & ~15u) return fail(Errno::kInval);
  TRY(fs::pipe_capacity(*file));
  return each_vector(call, *file, file->writable() ? write_file : read_file, file->position);
}

}  // namespace ido
