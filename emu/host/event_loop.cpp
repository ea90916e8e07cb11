#include "host/event_loop.hpp"

#include <cassert>
#include <cerrno>
#include <ctime>

namespace paemu::host {

EventLoop::Watch EventLoop::watch(int descriptor, short events, Callback callback) {
  entries_.push_back({next_watch_, descriptor, events, Role::Plain, std::move(callback)});
  return next_watch_++;
}

void EventLoop::set_events(Watch watch, short events) {
  if (Entry* entry = find(watch)) entry->events = events;
}

void EventLoop::unwatch(Watch watch) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.watch == watch; });
}

void EventLoop::set_role(Watch watch, Role role) {
  if (Entry* entry = find(watch)) entry->role = role;
}

usize EventLoop::input_watches() const {
  usize count = 0;
  for (const Entry& entry : entries_) count += entry.role == Role::Input ? 1 : 0;
  return count;
}

EventLoop::Entry* EventLoop::find(Watch watch) {
  for (Entry& entry : entries_)
    if (entry.watch == watch) return &entry;
  return nullptr;
}

namespace {

int poll_for(std::vector<pollfd>& descriptors, i64 timeout_ns) {
  const timespec timeout{timeout_ns / 1'000'000'000, timeout_ns % 1'000'000'000};
  const int count = ppoll(descriptors.data(), descriptors.size(), timeout_ns < 0 ? nullptr : &timeout, nullptr);
  assert(count >= 0 || errno == EINTR || errno == ENOMEM);
  return count;
}

}  // namespace

int EventLoop::poll_all(i64 timeout_ns) {
  polled_.clear();
  polled_watch_.clear();
  for (const Entry& entry : entries_) {
    if (entry.events == 0) continue;
    polled_.push_back({entry.descriptor, entry.events, 0});
    polled_watch_.push_back(entry.watch);
  }
  return poll_for(polled_, timeout_ns);
}

bool EventLoop::ready(i64 timeout_ns) { return poll_all(timeout_ns) > 0; }

bool EventLoop::wait_for(int descriptor, short events, i64 timeout_ns) {
  std::vector<pollfd> waiting{{descriptor, events, 0}};
  for (const Entry& entry : entries_)
    if (entry.role == Role::Urgent) waiting.push_back({entry.descriptor, POLLIN, 0});
  return poll_for(waiting, timeout_ns) > 0 && waiting[0].revents != 0;
}

bool EventLoop::dispatch(i64 timeout_ns) {
  if (poll_all(timeout_ns) <= 0) return false;
  for (usize i = 0; i < polled_.size(); ++i) {
    if (polled_[i].revents == 0) continue;
    // An earlier callback may have removed this watch, and a callback may remove itself: call a copy.
    if (Entry* entry = find(polled_watch_[i])) {
      const Callback callback = entry->callback;
      callback(polled_[i].revents);
    }
  }
  return true;
}

}  // namespace paemu::host
