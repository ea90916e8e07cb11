// StoreLog: the memory that a stretch of code stores to, so that it can be put back and looked at.
//
// Kept are whole lines of 64 bytes, so that a store that is too wide or a little beside its place is seen too.
#pragma once

#include <cstring>
#include <span>
#include <vector>

#include "mmu/mmu.hpp"

namespace paemu::jit {

class StoreLog {
 public:
  static constexpr u32 kLineSize = 64;
  struct Line {
    Line() {}  // of which nothing is set: there are many of them
    u32 linear;
    Privilege privilege;
    GuestPhys address;
    u8* host;
    u8 before[kLineSize], after[kLineSize];  // `after`: by note_after()
    bool is_as(const u8 (&bytes)[kLineSize]) const { return std::memcmp(host, bytes, kLineSize) == 0; }
  };

  // A store that is about to happen, within one page. host: nullptr when it does not simply go to RAM.
  void note(u32 linear, Privilege privilege, GuestPhys address, u8* host, u32 size) {
    if (host == nullptr) {
      complete_ = false;
      return;
    }
    const u32 skew = linear % kLineSize;
    linear -= skew, address.value -= skew, host -= skew;
    for (u32 at = 0; at < skew + size; at += kLineSize) {
      if (find(host + at) != nullptr) continue;
      Line& line = lines_.emplace_back();
      line.linear = linear + at, line.privilege = privilege;
      line.address = GuestPhys{address.value + at}, line.host = host + at;
      std::memcpy(line.before, line.host, kLineSize);
    }
  }

  void clear() {
    lines_.clear();
    complete_ = true;
  }
  // Did all go to RAM, so that put_back() takes all back?
  bool complete() const { return complete_; }
  std::span<const Line> lines() const { return lines_; }
  // That of this address of the host, or nullptr. Only the latest ones are found: the others may be there twice.
  const Line* find(const u8* host) const {
    const usize oldest = lines_.size() > kSearched ? lines_.size() - kSearched : 0;
    for (usize n = lines_.size(); n > oldest; --n) {
      if (lines_[n - 1].host == host) return &lines_[n - 1];
    }
    return nullptr;
  }

  void note_after() {
    for (Line& l : lines_) std::memcpy(l.after, l.host, kLineSize);
  }
  // A line that is there twice: the older one is right of what was before.
  void put_back() const {
    for (auto l = lines_.rbegin(); l != lines_.rend(); ++l) std::memcpy(l->host, l->before, kLineSize);
  }
  void redo() const {
    for (const Line& l : lines_) std::memcpy(l.host, l.after, kLineSize);
  }

 private:
  static constexpr usize kSearched = 8;  // of the lines: code stores to few places at a time
  std::vector<Line> lines_;
  bool complete_ = true;
};

}  // namespace paemu::jit
