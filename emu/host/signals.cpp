#include "host/signals.hpp"

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <unistd.h>

#include <cassert>
#include <initializer_list>

namespace paemu::host {
namespace {

sigset_t handled() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGHUP, SIGINT}) sigaddset(&set, number);
  return set;
}

}  // namespace

Signals::Signals(EventLoop& loop, std::function<void(int)> callback) : loop_(loop) {
  signal(SIGPIPE, SIG_IGN);
  const sigset_t set = handled();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  descriptor_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  assert(descriptor_ >= 0);
  watch_ = loop_.watch(descriptor_, POLLIN, [this, callback = std::move(callback)](short) {
    signalfd_siginfo info{};
    if (read(descriptor_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return;
    const sigset_t unblock = handled();
    sigprocmask(SIG_UNBLOCK, &unblock, nullptr);
    callback(static_cast<int>(info.ssi_signo));
  });
  loop_.set_role(watch_, EventLoop::Role::Urgent);
}

Signals::~Signals() {
  loop_.unwatch(watch_);
  close(descriptor_);
}

}  // namespace paemu::host
