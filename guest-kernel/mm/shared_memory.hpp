// SharedMemory: what a shared anonymous mapping or a System V segment is backed by. Lives as long as somebody holds it.
#pragma once

#include "mm/backing.hpp"

namespace ido {

// Whether the object's pages are promised when it is made (commit.hpp).
enum class Reserve : u8 { kYes, kNo };

class SharedMemory : public Backing {
 public:
  static Or<SharedMemory*> create(u32 size, Reserve reserve);  // references = 1; size in bytes. Errno::kNoMem
  u64 size_bytes() override { return size_; }
  void hold() override { ++references_; }
  void release() override;
  void describe(char* buffer, u32 size) override;

 protected:
  explicit SharedMemory(u32 size) : size_(size) {}
  ~SharedMemory() override;
  Or<> promise(Reserve reserve);
  u32 references() const { return references_; }

 private:
  u32 size_;
  u32 references_ = 1;
  u32 promised_pages_ = 0;
};

}  // namespace ido
