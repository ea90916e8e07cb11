#include "fs/pipe.hpp"

#include "base/bits.hpp"
#include "lib/process.hpp"
#include "lib/wait.hpp"
#include "mm/kmalloc.hpp"
#include "mm/uaccess.hpp"

namespace ido::fs {

namespace {

constexpr u32 kDefaultPages = 16;  // pipe(7): 64 KiB
constexpr u32 kMostPages = 256;    // /proc/sys/fs/pipe-max-size: 1 MiB
constexpr u32 kAtomic = 4096;      // PIPE_BUF: writes up to this size are not mixed with others
constexpr i32 kSigPipe = 13;
constexpr u32 kFionRead = 0x541b;
constexpr u32 kPipeDevice = 0xfe;  // pipes lie on no file system; they have a device number all the same

// The ring's pages come when the first byte is written to them, and go when it runs empty. The mutex is held while
// bytes move, for that may sleep in a page fault.
class Pipe final : public Inode {
 public:
  explicit Pipe(u32 mode) : Inode(mode) {}
  ~Pipe() override { free_pages(0); }
  Or<Ref<File>> open(Ref<Dentry> dentry, u32 flags) override;

  void join(bool reads, bool writes) {
    readers_ += reads ? 1 : 0;
    writers_ += writes ? 1 : 0;
    readers_ever_ += reads ? 1 : 0;
    writers_ever_ += writes ? 1 : 0;
    opened_.wake_all();
  }
  void leave(bool reads, bool writes) {
    readers_ -= reads ? 1 : 0;
    writers_ -= writes ? 1 : 0;
    if (readers_ == 0 && writers_ == 0) first_ = used_ = 0, free_pages(0);
    changed();
  }

  Or<u32> take(Buffer& buffer, bool block) {
    MutexGuard guard(mutex_);
    while (used_ == 0) {
      if (writers_ == 0) return 0;
      if (!block) return fail(Errno::kAgain);
      TRY(wait());
    }
    const u32 before = buffer.done();
    while (buffer.left() > 0 && used_ > 0) {
      const u32 n = smallest(kPageSize - first_ % kPageSize, used_, buffer.left());
      if (auto given = buffer.give(pages_[first_ / kPageSize] + first_ % kPageSize, n); !given.ok()) {
        if (buffer.done() > before) break;
        return fail(given.error());
      }
      first_ = (first_ + n) % capacity();
      used_ -= n;
    }
    if (used_ == 0) first_ = 0, free_pages(1);
    changed();
    return buffer.done() - before;
  }

  Or<u32> put(Buffer& buffer, bool block) {
    MutexGuard guard(mutex_);
    const u32 before = buffer.done();
    const auto end = [&](Errno why) {
      return buffer.done() > before ? Or<u32>(buffer.done() - before) : Or<u32>(fail(why));
    };
    while (buffer.left() > 0) {
      if (readers_ == 0) {
        if (buffer.done() == before) signal_current(kSigPipe);
        return end(Errno::kPipe);
      }
      const u32 room = capacity() - used_;
      const u32 wanted = buffer.done() == before && buffer.left() <= kAtomic ? buffer.left() : 1;
      if (room < wanted) {
        if (!block) return end(Errno::kAgain);
        if (auto waited = wait(); !waited.ok()) return end(waited.error());
        continue;
      }
      const u32 at = (first_ + used_) % capacity();
      u8* page = page_at(at / kPageSize);
      if (page == nullptr) return end(Errno::kNoMem);
      const u32 n = smallest(kPageSize - at % kPageSize, room, buffer.left());
      if (auto taken = buffer.take(page + at % kPageSize, n); !taken.ok()) return end(taken.error());
      used_ += n;
      changed();
    }
    return buffer.done() - before;
  }

  u32 ready(bool reads, bool writes) const {
    u32 bits = 0;
    const bool hung_up = writers_ == 0 && writers_ever_ > 0;
    if (reads) bits |= (used_ > 0 ? poll_bit::kIn : 0) | (hung_up ? poll_bit::kHangUp : 0);
    if (writes) bits |= (capacity() - used_ >= kAtomic ? poll_bit::kOut : 0) | (readers_ == 0 ? poll_bit::kError : 0);
    return bits;
  }
  PollSource& source() { return source_; }
  u32 used() const { return used_; }
  u32 capacity() const { return page_count_ * kPageSize; }

  // A named pipe's open waits for the other end (fifo(7)), which may have gone again by the time that this one runs.
  Or<> wait_for_other_end(bool reads, bool writes) {
    const u32 readers_before = readers_ever_, writers_before = writers_ever_;
    while ((reads && !writes && writers_ == 0 && writers_ever_ == writers_before) ||
           (writes && !reads && readers_ == 0 && readers_ever_ == readers_before))
      TRY(opened_.wait_interruptible());
    return {};
  }
  bool has_readers() const { return readers_ > 0; }

  Or<u32> resize(u32 size) {
    MutexGuard guard(mutex_);
    u32 pages = 1;
    while (pages < (size + kPageMask) >> kPageShift) pages *= 2;
    if (pages > kMostPages) return fail(Errno::kPerm);
    // What is in the ring stays where it is.
    if (used_ > 0 && (first_ + used_ > capacity() || first_ + used_ > pages * kPageSize)) return fail(Errno::kBusy);
    Vector<u8*> grown;
    TRY(grown.reserve(pages));
    for (u32 i = 0; i < pages; ++i) TRY(grown.push(i < pages_.size() ? pages_[i] : nullptr));
    for (u32 i = pages; i < pages_.size(); ++i) kfree(pages_[i]);
    pages_ = std::move(grown);
    page_count_ = pages;
    changed();
    return capacity();
  }

  Or<> wait_for_room() {
    while (readers_ > 0 && used_ == capacity()) TRY(changed_.wait_interruptible());
    return {};
  }

  // Copies up to `size` bytes from the front into another pipe, and leaves them here. Waits for bytes, not for room.
  Or<u32> copy_to(Pipe& to, u32 size, bool block) {
    MutexGuard guard(mutex_);
    while (used_ == 0) {
      if (writers_ == 0) return 0;
      if (!block) return fail(Errno::kAgain);
      TRY(wait());
    }
    u32 done = 0;
    while (done < size && done < used_) {
      const u32 at = (first_ + done) % capacity();
      const u32 n = smallest(kPageSize - at % kPageSize, used_ - done, size - done);
      Buffer from = Buffer::kernel(pages_[at / kPageSize] + at % kPageSize, n);
      auto moved = to.put(from, false);
      if (!moved.ok()) return done > 0 ? Or<u32>(done) : std::move(moved);
      done += *moved;
      if (*moved < n) break;
    }
    return done;
  }

 private:
  static u32 smallest(u32 a, u32 b, u32 c) { return a < b ? (a < c ? a : c) : (b < c ? b : c); }

  u8* page_at(u32 index) {
    while (pages_.size() <= index)
      if (!pages_.push(nullptr).ok()) return nullptr;
    if (pages_[index] == nullptr) pages_[index] = static_cast<u8*>(kmalloc(kPageSize, "pipe"));
    return pages_[index];
  }
  void free_pages(u32 first) {
    for (u32 i = first; i < pages_.size(); ++i) {
      kfree(pages_[i]);
      pages_[i] = nullptr;
    }
  }
  Or<> wait() {
    mutex_.unlock();
    auto waited = changed_.wait_interruptible();
    mutex_.lock();
    return waited;
  }
  void changed() {
    changed_.wake_all();
    source_.changed();
  }

  Vector<u8*> pages_;
  u32 page_count_ = kDefaultPages;
  u32 first_ = 0, used_ = 0;  // bytes
  u32 readers_ = 0, writers_ = 0;
  u32 readers_ever_ = 0, writers_ever_ = 0;
  Mutex mutex_{LockKind::kPipe};
  WaitQueue changed_, opened_;
  PollSource source_;
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
    return buffer.left() == 0 ? Or<u32>(0) : pipe_->take(buffer, blocks());
  }
  Or<u32> write(Buffer& buffer, u64&) override { return pipe_->put(buffer, blocks()); }
  u32 poll() override { return pipe_->ready(readable(), writable()); }
  PollSource* poll_source() override { return &pipe_->source(); }
  Or<Status> file_status() override { return pipe_->status; }
  Or<u32> control(u32 request, u32 argument) override {
    if (request != kFionRead) return fail(Errno::kNotTy);
    TRY(put_user(argument, pipe_->used()));
    return 0;
  }
  void describe(Text& text) override { text.add("pipe:[%llu]", static_cast<unsigned long long>(pipe_->status.inode)); }
  Pipe& pipe() { return *pipe_; }

 private:
  Ref<Pipe> pipe_;
};

Or<Ref<File>> Pipe::open(Ref<Dentry> dentry, u32 flags) {
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

// Without RTTI: a File is a PipeFile when it is a fifo's.
PipeFile* as_pipe(File& file) {
  auto status = file.file_status();
  if (!status.ok() || (status->mode & mode::kType) != mode::kFifo || (file.flags & open_flag::kPath)) return nullptr;
  return static_cast<PipeFile*>(&file);
}

}  // namespace

Or<PipeEnds> make_pipe(u32 flags) {
  Ref<Pipe> pipe(new (std::nothrow) Pipe(mode::kFifo | 0600));
  if (!pipe) return fail(Errno::kNoMem);
  pipe->status.device = kPipeDevice;
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

Or<u32> pipe_capacity(File& file) {
  PipeFile* pipe = as_pipe(file);
  if (pipe == nullptr) return fail(Errno::kBadF);
  return pipe->pipe().capacity();
}

Or<u32> set_pipe_capacity(File& file, u32 size) {
  PipeFile* pipe = as_pipe(file);
  if (pipe == nullptr) return fail(Errno::kBadF);
  if (size == 0 || size > 1u << 31) return fail(Errno::kInval);
  return pipe->pipe().resize(size);
}

Or<u32> tee(File& from, File& to, u32 size, bool block) {
  PipeFile *source = as_pipe(from), *target = as_pipe(to);
  if (source == nullptr || target == nullptr || &source->pipe() == &target->pipe()) return fail(Errno::kInval);
  for (;;) {
    auto copied = source->pipe().copy_to(target->pipe(), size, block);
    if (copied.ok() || copied.error() != Errno::kAgain || !block) return copied;
    TRY(target->pipe().wait_for_room());
  }
}

}  // namespace ido::fs
