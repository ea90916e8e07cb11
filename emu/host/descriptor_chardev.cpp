#include "host/descriptor_chardev.hpp"

#include <unistd.h>

#include <cerrno>

namespace paemu::host {
namespace {

// Output is written when this much waits, else at the next flush().
constexpr usize kWriteAt = 16 * kKiB;
// One write: at most PIPE_BUF, which a writable pipe takes without blocking.
constexpr usize kWriteSize = 4096;
constexpr i64 kKickAfter_ns = 1'000'000'000;

}  // namespace

void DescriptorChardev::attach(int input, int output, Stall stall) {
  detach();
  input_ = input;
  output_ = output;
  stall_ = stall;
  if (input_ < 0) return;
  input_watch_ = loop_.watch(input_, held_ ? short{0} : short{POLLIN}, [this](short) { readable(); });
  loop_.set_role(input_watch_, EventLoop::Role::Input);
}

void DescriptorChardev::detach() {
  loop_.unwatch(input_watch_);
  loop_.unwatch(output_watch_);
  input_watch_ = output_watch_ = 0;
  input_ = output_ = -1;
  pending_.clear();
}

void DescriptorChardev::hold_input(bool hold) {
  if (hold != held_) loop_.set_events(input_watch_, hold ? 0 : POLLIN);
  held_ = hold;
}

void DescriptorChardev::readable() {
  u8 bytes[kReadSize];
  const ssize_t n = read(input_, bytes, sizeof bytes);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (n <= 0) {
    // Standard input at its end: output goes on. A socket overrides hung_up().
    loop_.unwatch(input_watch_);
    input_watch_ = 0;
    hung_up();
    return;
  }
  if (receive_) receive_(std::span(bytes, static_cast<usize>(n)));
}

void DescriptorChardev::write(std::span<const u8> bytes) {
  if (output_ < 0) return;
  pending_.insert(pending_.end(), bytes.begin(), bytes.end());
  if (pending_.size() >= kWriteAt) flush();
}

bool DescriptorChardev::write_some() {
  const ssize_t n = ::write(output_, pending_.data(), std::min(pending_.size(), kWriteSize));
  if (n > 0) {
    pending_.erase(pending_.begin(), pending_.begin() + n);
    return true;
  }
  if (errno == EINTR) return true;
  if (errno == EAGAIN) return false;
  hung_up();
  output_ = -1;
  pending_.clear();
  return false;
}

void DescriptorChardev::flush() {
  while (!pending_.empty()) {
    // The descriptor may be a blocking one that others share (standard output), so look before writing.
    const bool wait = stall_ == Stall::Wait || (stall_ == Stall::Kick && pending_.size() > kMaxPending);
    const i64 patience = !wait ? 0 : stall_ == Stall::Wait ? kForever : kKickAfter_ns;
    if (loop_.wait_for(output_, POLLOUT, patience) && write_some()) continue;
    if (output_ < 0) return;
    if (stall_ == Stall::Kick && pending_.size() <= kMaxPending) {
      // Go on when the client reads again.
      if (output_watch_ == 0) output_watch_ = loop_.watch(output_, POLLOUT, [this](short) { flush(); });
      return;
    }
    pending_.clear();
    if (stall_ == Stall::Kick) hung_up();
    return;
  }
  if (output_watch_ == 0) return;
  loop_.unwatch(output_watch_);
  output_watch_ = 0;
}

}  // namespace paemu::host
