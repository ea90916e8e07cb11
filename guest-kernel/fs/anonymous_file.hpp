// AnonymousFile: a file without a name, made by a call of its own (eventfd, epoll, timerfd, signalfd).
#pragma once

#include "fs/file.hpp"

namespace ido::fs {

// A kind of anonymous file: its address tells the kinds apart, without RTTI.
struct AnonymousKind {
  const char* name;  // /proc/PID/fd shows "anon_inode:[name]"
};

class AnonymousFile : public File {
 public:
  AnonymousFile(const AnonymousKind& kind, u32 open_flags) : File({}, open_flags), kind_(kind) {}
  bool seekable() const override { return false; }
  Or<Status> file_status() override;
  const AnonymousKind* kind() const override { return &kind_; }
  void describe(Text& text) override;

 private:
  const AnonymousKind& kind_;
};

// eventfd(2): a counter that read takes (all, or one with `semaphore`) and write adds to.
Or<Ref<File>> make_event_file(u64 value, bool semaphore, u32 open_flags);

}  // namespace ido::fs
