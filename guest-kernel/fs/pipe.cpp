#include "fs/pipe.hpp"

#include "lib/process.hpp"
#include "lib/wait.hpp"

namespace ido::fs {

namespace {

constexpr u32 kCapacity = 65536;  // pipe(7): the default capacity
constexpr u32 kAtomic = 4096;     // PIPE_BUF: writes up to this size are not mixed with others
constexpr i32 kSigPipe = 13;

class Pipe final : public Inode {
 public:
  explicit Pipe(u32 mode) : Inode(mode) {}
  ~Pipe() override { ::operator delete(ring_); }
  Or<Ref<File>> open(Ref<Dentry> dentry, u32 flags) override;

  Or<> prepare() {
    if (ring_ == nullptr) ring_ = static_cast<u8*>(::operator new(kCapacity, std::nothrow));
    if (ring_ == nullptr) return fail(Errno::kNoMem);
    return {};
  }

  void join(bool reads, bool writes) {
    readers_ += reads ? 1 : 0;
    writers_ += writes ? 1 : 0;
    opened_.wake_all();
  }
  void leave(bool reads, bool writes) {
    readers_ -= reads ? 1 : 0;
    writers_ -= writes ? 1 : 0;
    changed();
  }

  Or<u32> take(Buffer& buffer, bool block) {
    while (used_ == 0) {
      if (writers_ == 0) return 0;
      if (!block) return fail(Errno::kAgain);
      TRY(changed_.wait_interruptible());
    }
    const u32 before = buffer.done();
    while (buffer.left() > 0 && used_ > 0) {
      u32 n = kCapacity - first_ < used_ ? kCapacity - first_ : used_;
      if (n > buffer.left()) n = buffer.left();
      TRY(buffer.give(ring_ + first_, n));
      first_ = (first_ + n) % kCapacity;
      used_ -= n;
    }
    changed();
    return buffer.done() - before;
  }

  Or<u32> put(Buffer& buffer, bool block) {
    const u32 before = buffer.done();
    while (buffer.left() > 0) {
      if (readers_ == 0) {
        if (buffer.done() > before) break;
        signal_current(kSigPipe);
        return fail(Errno::kPipe);
      }
      const u32 room = kCapacity - used_;
      const u32 want = buffer.done() == before && buffer.left() <= kAtomic ? buffer.left() : 1;
      if (room < want) {
        if (!block) {
          if (buffer.done() > before) break;
          return fail(Errno::kAgain);
        }
        if (auto waited = changed_.wait_interruptible(); !waited.ok()) {
          if (buffer.done() > before) break;
          return fail(waited.error());
        }
        continue;
      }
      const u32 at = (first_ + used_) % kCapacity;
      u32 n = kCapacity - at < room ? kCapacity - at : room;
      if (n > buffer.left()) n = buffer.left();
      TRY(buffer.take(ring_ + at, n));
      used_ += n;
      changed();
    }
    return buffer.done() - before;
  }

  u32 ready(bool reads, bool writes) const {
    u32 bits = 0;
    if (reads) bits |= (used_ > 0 ? poll_bit::kIn : 0) | (writers_ == 0 ? poll_bit::kHangUp : 0);
    if (writes) bits |= (kCapacity - used_ >= kAtomic ? poll_bit::kOut : 0) | (readers_ == 0 ? poll_bit::kError : 0);
    return bits;
  }
  u32 used() const { return used_; }
  // A named pipe's open waits for the other end (fifo(7)).
  Or<> wait_for_other_end(bool reads, bool writes) {
    while ((reads && !writes && writers_ == 0) || (writes && !reads && readers_ == 0))
      TRY(opened_.wait_interruptible());
    return {};
  }
  bool has_readers() const { return readers_ > 0; }

 private:
  void changed() {
    changed_.wake_all();
    poll_changed();
  }

  u8* ring_ = nullptr;
  u32 first_ = 0, used_ = 0;
  u32 readers_ = 0, writers_ = 0;
  WaitQueue changed_, opened_;
};

class PipeFile final : public File {
 public:
  PipeFile(Ref<Dentry> where, Ref<Pipe> pipe, u32 open_flags)
      : File(std::move(where), open_flags), pipe_(std::move(pipe)) {
    pipe_->join(readable(), writable());
  }
  ~PipeFile() override { pipe_->leave(readable(), writable()); }

  bool seekable() const override { return false; }
  Or<u32> read(Buffer& buffer, u64&) override {
    return buffer.left() == 0 ? Or<u32>(0) : pipe_->take(buffer, !(flags & open_flag::kNonBlock));
  }
  Or<u32> write(Buffer& buffer, u64&) override { return pipe_->put(buffer, !(flags & open_flag::kNonBlock)); }
  u32 poll() override { return pipe_->ready(readable(), writable()); }
  Or<Status> file_status() override { return pipe_->status; }

 private:
  Ref<Pipe> pipe_;
};

Or<Ref<File>> Pipe::open(Ref<Dentry> dentry, u32 flags) {
  TRY(prepare());
  auto* file = new (std::nothrow) PipeFile(std::move(dentry), Ref<Pipe>(this), flags);
  if (file == nullptr) return fail(Errno::kNoMem);
  Ref<File> held(file);
  if (flags & open_flag::kNonBlock) {
    if (file->writable() && !file->readable() && !has_readers()) return fail(Errno::kNxIo);
    return held;
  }
  TRY(wait_for_other_end(file->readable(), file->writable()));
  return held;
}

}  // namespace

Or<PipeEnds> make_pipe(u32 flags) {
  Ref<Pipe> pipe(new (std::nothrow) Pipe(mode::kFifo | 0600));
  if (!pipe) return fail(Errno::kNoMem);
  TRY(pipe->prepare());
  const u32 kept = flags & open_flag::kNonBlock;
  PipeEnds ends;
  ends.read = Ref<File>(new (std::nothrow) PipeFile({}, pipe, kept | open_flag::kReadOnly));
  ends.write = Ref<File>(new (std::nothrow) PipeFile({}, pipe, kept | open_flag::kWriteOnly));
  if (!ends.read || !ends.write) return fail(Errno::kNoMem);
  return ends;
}

Or<Ref<Inode>> make_fifo(u32 mode) {
  Ref<Inode> pipe(new (std::nothrow) Pipe(mode));
  if (!pipe) return fail(Errno::kNoMem);
  return pipe;
}

}  // namespace ido::fs
