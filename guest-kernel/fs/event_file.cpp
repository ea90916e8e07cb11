// eventfd(2).
#include "fs/anonymous_file.hpp"
#include "lib/wait.hpp"

namespace ido::fs {

namespace {

constexpr AnonymousKind kEventKind{"eventfd"};
constexpr u64 kMostCount = ~u64{0} - 1;

class EventFile final : public AnonymousFile {
 public:
  EventFile(u64 count, bool semaphore, u32 open_flags)
      : AnonymousFile(kEventKind, open_flags), count_(count), semaphore_(semaphore) {}

  Or<u32> read(Buffer& buffer, u64&) override {
    if (buffer.left() < sizeof(u64)) return fail(Errno::kInval);
    while (count_ == 0) {
      if (!blocks()) return fail(Errno::kAgain);
      TRY(changed_.wait_interruptible());
    }
    const u64 taken = semaphore_ ? 1 : count_;
    count_ -= taken;
    changed();
    TRY(buffer.give(&taken, sizeof taken));
    return static_cast<u32>(sizeof taken);
  }

  Or<u32> write(Buffer& buffer, u64&) override {
    u64 added;
    if (buffer.left() < sizeof added) return fail(Errno::kInval);
    TRY(buffer.take(&added, sizeof added));
    if (added == ~u64{0}) return fail(Errno::kInval);
    while (added > kMostCount - count_) {
      if (!blocks()) return fail(Errno::kAgain);
      TRY(changed_.wait_interruptible());
    }
    count_ += added;
    changed();
    return static_cast<u32>(sizeof added);
  }

  u32 poll() override { return (count_ > 0 ? poll_bit::kIn : 0) | (count_ < kMostCount ? poll_bit::kOut : 0); }
  PollSource* poll_source() override { return &source_; }
  void describe_state(Text& text) override {
    text.add("eventfd-count: %16llx\n", static_cast<unsigned long long>(count_));
  }

 private:
  void changed() {
    changed_.wake_all();
    source_.changed();
  }

  u64 count_;
  bool semaphore_;
  WaitQueue changed_;
  PollSource source_;
};

}  // namespace

Or<Ref<File>> make_event_file(u64 value, bool semaphore, u32 open_flags) {
  Ref<File> file(new (std::nothrow) EventFile(value, semaphore, open_flags));
  if (!file) return fail(Errno::kNoMem);
  return file;
}

}  // namespace ido::fs
