// A medium in memory, with errors as wanted, and a store that holds one.
#pragma once

#include <algorithm>
#include <vector>

#include "replay/medium.hpp"

namespace paemu::test {

class MemoryMedium final : public Medium {
 public:
  explicit MemoryMedium(u64 sectors, bool read_only = false) : bytes(sectors * kSectorSize), read_only_(read_only) {}

  u64 sectors() const override { return bytes.size() / kSectorSize; }
  bool read_only() const override { return read_only_; }
  bool read(u64 sector, std::span<u8> out) override {
    if (fails(sector, out.size())) return false;
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(sector * kSectorSize), out.size(), out.begin());
    return true;
  }
  bool write(u64 sector, std::span<const u8> data) override {
    if (fails(sector, data.size())) return false;
    std::copy(data.begin(), data.end(), bytes.begin() + static_cast<std::ptrdiff_t>(sector * kSectorSize));
    return true;
  }
  bool flush() override {
    ++flushes;
    return !flush_fails;
  }
  bool discard(u64 sector, u64 count) override {
    if (fails(sector, count * kSectorSize)) return false;
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(sector * kSectorSize), count * kSectorSize, u8{0});
    return true;
  }

  std::vector<u8> bytes;
  u64 failing_sector = ~u64{0};
  bool flush_fails = false;
  u32 flushes = 0;

 private:
  bool fails(u64 sector, u64 size) const {
    return failing_sector >= sector && failing_sector - sector < size / kSectorSize;
  }
  bool read_only_;
};

// Knows medium 1.
struct OneMedium final : MediumStore {
  explicit OneMedium(u64 sectors, bool read_only = false) : medium(sectors, read_only) {}
  Medium* find(u32 number) override { return number == 1 ? &medium : nullptr; }
  void release(u32 number) override { released = number; }
  MemoryMedium medium;
  u32 released = 0;
};

}  // namespace paemu::test
