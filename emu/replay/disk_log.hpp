// What a trace keeps of disks: the content that a block had when the guest first came to it, and the errors of the
// host. With these a replay needs no image: docs/replay.md.
//
// Blocks have 4096 bytes. An entry holds from the operation on that it names (Drive::State::operations): after a write
// that failed nobody knows what the medium holds, so its blocks are kept anew when the guest next comes to them.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "base/error.hpp"
#include "replay/drive.hpp"
#include "replay/range_set.hpp"

namespace paemu {

inline constexpr u32 kDiskBlockSize = 4096;

struct DiskEntry {
  enum class Kind : u8 { kZeroes, kContent, kFailure, kLast = kFailure };
  Kind kind = Kind::kZeroes;
  u32 medium = 0;
  u64 operation = 0;
  u64 block = 0;
  std::span<const u8> content;  // kContent: kDiskBlockSize bytes, in what it was decoded from
};

void encode(std::vector<u8>& out, const DiskEntry& entry);
// Calls visit(entry) for each in a chunk's payload, until it returns an error.
Or<> decode_disk_entries(std::span<const u8> bytes, const std::function<Or<>(const DiskEntry&)>& visit);

// The recorder's side: makes entries of what drives do.
class DiskLog final : public DiskJournal {
 public:
  explicit DiskLog(std::function<void(const DiskEntry&)> sink) : sink_(std::move(sink)) {}
  void before(u32 number, Medium& medium, u64 operation, u64 sector, u64 count, Access access) override;
  void failed(u32 number, u64 operation, u64 sector, u64 count) override;

 private:
  bool keep(u32 number, Medium& medium, u64 operation, u64 block);

  std::function<void(const DiskEntry&)> sink_;
  std::map<u32, RangeSet> known_;  // blocks of each medium that a replay has
  std::vector<u8> buffer_;
};

// Where a replay finds the entries: the trace reader.
class DiskEntries {
 public:
  // The content of a block at an operation; false: it is not in the trace, or the trace can't be read.
  virtual bool read_block(u32 medium, u64 block, u64 operation, std::span<u8> out) = 0;
  // Was the block kept just before this operation? Then that is what it held, whatever a replay has made of it.
  virtual bool has_block(u32 medium, u64 block, u64 operation) const = 0;
  virtual bool failed(u32 medium, u64 operation) const = 0;

 protected:
  ~DiskEntries() = default;
};

// The player's side: media that hold what the trace kept, and in memory what the guest writes.
class ReplayMedia final : public MediumStore {
 public:
  explicit ReplayMedia(DiskEntries& entries) : entries_(entries) {}
  Medium* find(u32 number) override;
  void release(u32 number) override { media_.erase(number); }

 private:
  DiskEntries& entries_;
  std::map<u32, std::unique_ptr<Medium>> media_;
};

}  // namespace paemu
