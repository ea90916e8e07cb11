#include "proc/signal_file.hpp"

#include "fs/anonymous_file.hpp"
#include "lib/wait.hpp"
#include "proc/task.hpp"

namespace ido {

namespace {

constexpr fs::AnonymousKind kSignalKind{"signalfd"};
constinit fs::PollSource g_arrivals;

// struct signalfd_siginfo (linux/signalfd.h).
struct Record {
  u32 number;
  i32 error, code;
  u32 pid, user;
  i32 descriptor;
  u32 timer, band, overrun, trap;
  i32 status, value;
  u64 pointer, user_time, system_time, address;
  u8 padding[48];
};
static_assert(sizeof(Record) == 128);

class SignalFile final : public fs::AnonymousFile {
 public:
  SignalFile(SignalSet set, u32 open_flags) : AnonymousFile(kSignalKind, open_flags), set_(set) {}
  void set(SignalSet set) { set_ = set; }

  // As many as there are and fit; waits for the first only.
  Or<u32> read(fs::Buffer& buffer, u64&) override {
    if (buffer.left() < sizeof(Record)) return fail(Errno::kInval);
    const u32 before = buffer.done();
    while (buffer.left() >= sizeof(Record)) {
      const bool first = buffer.done() == before;
      auto signal = wait_signal(set_, first && blocks() ? kForever : 0);
      if (!signal.ok() && !first) break;
      const SignalInfo info = TRY(std::move(signal));
      Record r{};
      r.number = static_cast<u32>(info.number);
      r.code = info.code, r.pid = static_cast<u32>(info.pid), r.status = info.status, r.address = info.address;
      TRY(buffer.give(&r, sizeof r));
    }
    return buffer.done() - before;
  }
  u32 poll() override {
    const Task& task = *current();
    return (task.pending | task.process->pending) & set_ ? fs::poll_bit::kIn : 0;
  }
  fs::PollSource* poll_source() override { return &g_arrivals; }
  void describe_state(Text& text) override { text.add("sigmask:\t%016llx\n", static_cast<unsigned long long>(set_)); }

 private:
  SignalSet set_;
};

}  // namespace

Or<Ref<fs::File>> make_signal_file(SignalSet set, u32 open_flags) {
  Ref<fs::File> file(new (std::nothrow) SignalFile(set, open_flags));
  if (!file) return fail(Errno::kNoMem);
  return file;
}

Or<> set_signal_file(fs::File& file, SignalSet set) {
  if (file.kind() != &kSignalKind) return fail(Errno::kInval);
  static_cast<SignalFile&>(file).set(set);
  return {};
}

void notify_signal_files() { g_arrivals.changed(); }

}  // namespace ido
