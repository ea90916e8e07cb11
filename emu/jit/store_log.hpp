// StoreLog: the stores of a stretch of code, so that they can be taken back and looked at.
#pragma once

#include <cstring>
#include <vector>

#include "mmu/mmu.hpp"

namespace paemu::jit {

class StoreLog final : public StoreListener {
 public:
  // Within one page, at most a page.
  struct Store {
    u32 linear;
    Privilege privilege;
    GuestPhys address;
    u8* host;
    std::vector<u8> before, after;
  };

  void before_store(u32 linear, Privilege privilege, GuestPhys address, u8* host, u32 size) override {
    if (host == nullptr) {
      complete_ = false;
      return;
    }
    stores_.push_back({linear, privilege, address, host, std::vector<u8>(host, host + size), {}});
  }

  void clear() {
    stores_.clear();
    complete_ = true;
  }
  // Did all go to RAM, so that undo() takes all back?
  bool complete() const { return complete_; }
  const std::vector<Store>& stores() const { return stores_; }

  // Takes all stores back, and keeps what they left as `after`.
  void undo() {
    note_after();
    put_back();
  }
  // Each store as all of them together left it.
  void note_after() {
    for (Store& s : stores_) s.after.assign(s.host, s.host + s.before.size());
  }
  void put_back() {
    for (auto s = stores_.rbegin(); s != stores_.rend(); ++s) std::memcpy(s->host, s->before.data(), s->before.size());
  }
  void redo() {
    for (const Store& s : stores_) std::memcpy(s.host, s.after.data(), s.after.size());
  }

 private:
  std::vector<Store> stores_;
  bool complete_ = true;
};

}  // namespace paemu::jit
