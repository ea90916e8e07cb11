// HostMapping: lazily committed, unreserved host memory that reads as zeroes until it is written.
//
// The guest's RAM and its page flags live in these. Besides emu/jit/code_cache this is the one use of the operating
// system outside emu/host: the memory of the guest is what the folder is about, and nothing of the host shows through.
#pragma once

#include "base/types.hpp"

namespace paemu {
using namespace base;

class HostMapping {
 public:
  enum class Kind : u8 {
    kPrivate,
    kShared,  // its pages can be shown at other addresses, too; but the first look at one commits it, not the first write
  };
  // size: bytes, rounded up to whole pages. Throws std::bad_alloc when the host has no address space left.
  explicit HostMapping(u64 size, Kind kind = Kind::kPrivate);
  ~HostMapping();
  HostMapping(const HostMapping&) = delete;
  HostMapping& operator=(const HostMapping&) = delete;

  u8* data() const { return data_; }
  u64 size() const { return size_; }
  // Shows the page at `offset` at `place` as well, for reading or for both. Of a kShared one. False: the host refuses,
  // and what is at `place` now is open.
  bool show_page(u64 offset, u8* place, bool writable) const;

  // Makes [offset, offset + count) zero again and returns its whole pages to the host.
  void clear(u64 offset, u64 count);

 private:
  u8* data_;
  u64 size_;
  Kind kind_;
};

}  // namespace paemu
