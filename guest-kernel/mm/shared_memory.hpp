// SharedMemory: what a shared anonymous mapping is backed by. Lives as long as areas map it.
#pragma once

#include "mm/backing.hpp"

namespace ido {

class SharedMemory final : public Backing {
 public:
  static Or<SharedMemory*> create(u32 size);  // references = 1; size in bytes
  u64 size_bytes() override { return size_; }
  void hold() override { ++references_; }
  void release() override;
  void describe(char* buffer, u32 size) override;

 private:
  explicit SharedMemory(u32 size) : size_(size) {}

  u32 size_;
  u32 references_ = 1;
};

}  // namespace ido
