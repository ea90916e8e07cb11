// Bytes from one file to another without the program: sendfile, copy_file_range, splice, tee.
#include "fs/pipe.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

constexpr u32 kMostMoved = 0x7ffff000;  // MAX_RW_COUNT
constexpr u32 kSpliceNonBlock = 2;

// A position of the user's, read at first and written back at the end; address 0: the file's own.
struct Position {
  u32 address;
  u32 width;  // bytes
  u64 at = 0;

  Or<> load(const fs::File& file) {
    if (address == 0)
      at = file.position;
    else
      at = width == 8 ? TRY(get_user<u64>(address)) : TRY(get_user<u32>(address));
    return static_cast<i64>(at) < 0 ? Or<>(fail(Errno::kInval)) : Or<>{};
  }
  Or<> store(fs::File& file) const {
    if (address == 0)
      file.position = at;
    else if (width == 8)
      TRY(put_user(address, at));
    else
      TRY(put_user(address, static_cast<u32>(at)));
    return {};
  }
};

// Until `size` bytes are moved, the source ends, or one of the two can't go on.
Or<u32> move_bytes(fs::File& in, u64& from, fs::File& out, u64& to, u32 size) {
  if (size > kMostMoved) size = kMostMoved;
  constexpr u32 kChunk = 4096;
  auto* chunk = static_cast<u8*>(::operator new(kChunk, std::nothrow));
  if (chunk == nullptr) return fail(Errno::kNoMem);
  u32 total = 0;
  Or<u32> last(0u);
  while (total < size) {
    const u32 want = size - total < kChunk ? size - total : kChunk;
    fs::Buffer source = fs::Buffer::kernel(chunk, want);
    u64 next = from;
    last = in.read(source, next);
    if (!last.ok() || *last == 0) break;
    const u32 n = *last;
    fs::Buffer target = fs::Buffer::kernel(chunk, n);
    last = out.write(target, to);
    if (!last.ok()) break;
    from += *last, total += *last;
    // A pipe that has given what it had must not be waited for again.
    if (*last < n || (n < want && !in.seekable())) break;
  }
  ::operator delete(chunk);
  if (!last.ok() && total == 0) return last;
  return total;
}

bool is_fifo(fs::File& file) {
  auto status = file.file_status();
  return status.ok() && (status->mode & fs::mode::kType) == fs::mode::kFifo;
}

Or<> check_ends(const fs::File& in, const fs::File& out) {
  if (!in.readable() || !out.writable()) return fail(Errno::kBadF);
  if ((in.flags | out.flags) & fs::open_flag::kPath) return fail(Errno::kBadF);
  return {};
}

Or<u32> send(Call& call, u32 width) {
  Ref<fs::File> out = TRY(file_of(call, call[0]));
  Ref<fs::File> in = TRY(file_of(call, call[1]));
  TRY(check_ends(*in, *out));
  // sendfile(2): from what can be mapped only. A terminal's end of file, read behind a line, would be lost here.
  if (in->inode() == nullptr || !in->inode()->is_regular()) return fail(Errno::kInval);
  if (out->flags & fs::open_flag::kAppend) return fail(Errno::kInval);
  Position from{call[2], width};
  TRY(from.load(*in));
  const u32 moved = TRY(move_bytes(*in, from.at, *out, out->position, call[3]));
  TRY(from.store(*in));
  return moved;
}

}  // namespace

Or<u32> sys_sendfile(Call& call) { return send(call, 4); }
Or<u32> sys_sendfile64(Call& call) { return send(call, 8); }

Or<u32> sys_copy_file_range(Call& call) {
  Ref<fs::File> in = TRY(file_of(call, call[0]));
  Ref<fs::File> out = TRY(file_of(call, call[2]));
  if (TRY(call.sixth()) != 0) return fail(Errno::kInval);
  TRY(check_ends(*in, *out));
  for (fs::File* file : {in.get(), out.get()}) {
    if (file->inode() == nullptr) return fail(Errno::kInval);
    if (file->inode()->is_directory()) return fail(Errno::kIsDir);
    if (!file->inode()->is_regular()) return fail(Errno::kInval);
  }
  if (out->flags & fs::open_flag::kAppend) return fail(Errno::kBadF);
  Position from{call[1], 8}, to{call[3], 8};
  TRY(from.load(*in));
  TRY(to.load(*out));
  if (in->inode() == out->inode() && from.at < to.at + call[4] && to.at < from.at + call[4]) return fail(Errno::kInval);
  const u32 moved = TRY(move_bytes(*in, from.at, *out, to.at, call[4]));
  TRY(from.store(*in));
  TRY(to.store(*out));
  return moved;
}

// splice(2): one end is a pipe. The bytes are copied: a pipe here owns its pages.
Or<u32> sys_splice(Call& call) {
  Ref<fs::File> in = TRY(file_of(call, call[0]));
  Ref<fs::File> out = TRY(file_of(call, call[2]));
  const u32 flags = TRY(call.sixth());
  if (flags & ~15u) return fail(Errno::kInval);
  if (call[4] == 0) return 0;
  TRY(check_ends(*in, *out));
  const bool from_pipe = is_fifo(*in), to_pipe = is_fifo(*out);
  if (!from_pipe && !to_pipe) return fail(Errno::kInval);
  if ((from_pipe && call[1] != 0) || (to_pipe && call[3] != 0)) return fail(Errno::kSPipe);
  if ((call[1] != 0 && !in->seekable()) || (call[3] != 0 && !out->seekable())) return fail(Errno::kInval);
  Position from{call[1], 8}, to{call[3], 8};
  TRY(from.load(*in));
  TRY(to.load(*out));
  // No more than a pipe takes or gives at once, or a second round would wait.
  const u32 most = TRY(fs::pipe_capacity(from_pipe ? *in : *out));
  const u32 size = call[4] < most ? call[4] : most;
  if ((flags & kSpliceNonBlock) && from_pipe && !(in->poll() & (fs::poll_bit::kIn | fs::poll_bit::kHangUp)))
    return fail(Errno::kAgain);
  if ((flags & kSpliceNonBlock) && to_pipe && !(out->poll() & fs::poll_bit::kOut)) return fail(Errno::kAgain);
  u32 moved = 0;
  do {
    const u32 chunk = size - moved < 4096 ? size - moved : 4096;
    auto one = move_bytes(*in, from.at, *out, to.at, chunk);
    if (!one.ok() && moved == 0) return one;
    if (!one.ok() || *one == 0) break;
    moved += *one;
  } while (moved < size && (!from_pipe || (in->poll() & fs::poll_bit::kIn)) &&
           (!to_pipe || (out->poll() & fs::poll_bit::kOut)));
  TRY(from.store(*in));
  TRY(to.store(*out));
  return moved;
}

Or<u32> sys_tee(Call& call) {
  Ref<fs::File> in = TRY(file_of(call, call[0]));
  Ref<fs::File> out = TRY(file_of(call, call[1]));
  if (call[3] & ~15u) return fail(Errno::kInval);
  TRY(check_ends(*in, *out));
  if (call[2] == 0) return 0;
  return fs::tee(*in, *out, call[2], !(call[3] & kSpliceNonBlock) && in->blocks());
}

}  // namespace ido
