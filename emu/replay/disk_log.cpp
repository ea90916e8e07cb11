#include "replay/disk_log.hpp"

#include <array>

#include "replay/bytes.hpp"
#include "replay/memory_hash.hpp"

namespace paemu {

namespace {

constexpr u64 kSectors = kDiskBlockSize / kSectorSize;  // of a block

// A drive's medium in a replay.
class ReplayMedium final : public Medium {
 public:
  ReplayMedium(DiskEntries& entries, u32 number) : entries_(entries), number_(number) {}

  // The drive knows what was recorded of these and asks it instead.
  u64 sectors() const override { return 0; }
  bool read_only() const override { return false; }
  void begin(u64 operation) override { operation_ = operation; }

  bool read(u64 sector, std::span<u8> out) override {
    if (fails()) return false;
    return pieces(sector, out.size() / kSectorSize, [&](u64 block, u64 first, u64 count, u64 done) {
      Block content;
      if (!load(block, content)) return false;
      if (entries_.has_block(number_, block, operation_)) written_[block] = content;
      std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(first * kSectorSize), count * kSectorSize,
                  out.begin() + static_cast<std::ptrdiff_t>(done * kSectorSize));
      return true;
    });
  }

  bool write(u64 sector, std::span<const u8> data) override {
    if (fails()) return false;
    return pieces(sector, data.size() / kSectorSize, [&](u64 block, u64 first, u64 count, u64 done) {
      Block content{};
      // The last block of a medium may be a part of one, and is not kept when all of that is overwritten.
      if (count != kSectors && !load(block, content)) content = Block{};
      std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(done * kSectorSize), count * kSectorSize,
                  content.begin() + static_cast<std::ptrdiff_t>(first * kSectorSize));
      written_[block] = content;
      return true;
    });
  }

  bool flush() override { return !fails(); }

  bool discard(u64 sector, u64 count) override {
    if (fails()) return false;
    const u64 begin = (sector + kSectors - 1) / kSectors, end = (sector + count) / kSectors;
    const Block zeroes{};
    const auto bytes = [&](u64 n) { return std::span<const u8>(zeroes).first(n * kSectorSize); };
    if (begin > end) return write(sector, bytes(count));  // within one block
    if (begin * kSectors > sector && !write(sector, bytes(begin * kSectors - sector))) return false;
    if (sector + count > end * kSectors && !write(end * kSectors, bytes(sector + count - end * kSectors))) return false;
    written_.erase(written_.lower_bound(begin), written_.lower_bound(end));
    zero_.add(begin, end - begin);
    return true;
  }

 private:
  using Block = std::array<u8, kDiskBlockSize>;

  bool fails() const { return entries_.failed(number_, operation_); }

  // piece(block, first sector in it, sectors, sectors before it in the range)
  template <class Piece>
  static bool pieces(u64 sector, u64 count, Piece&& piece) {
    for (u64 done = 0; done < count;) {
      const u64 first = (sector + done) % kSectors;
      const u64 n = std::min(count - done, kSectors - first);
      if (!piece((sector + done) / kSectors, first, n, done)) return false;
      done += n;
    }
    return true;
  }

  bool load(u64 block, Block& out) {
    if (entries_.has_block(number_, block, operation_)) return entries_.read_block(number_, block, operation_, out);
    if (const auto found = written_.find(block); found != written_.end()) {
      out = found->second;
      return true;
    }
    if (zero_.contains(block)) {
      out = Block{};
      return true;
    }
    return entries_.read_block(number_, block, operation_, out);
  }

  DiskEntries& entries_;
  u32 number_;
  u64 operation_ = 0;
  std::map<u64, Block> written_;
  RangeSet zero_;
};

}  // namespace

// --- The form in a trace: kind, medium, operation, block, and the content if there is some.

void encode(std::vector<u8>& out, const DiskEntry& e) {
  ByteWriter w(out);
  w.u8_(static_cast<u8>(e.kind));
  w.number(e.medium);
  w.number(e.operation);
  w.number(e.block);
  if (e.kind == DiskEntry::Kind::kContent) w.bytes(e.content);
}

Or<> decode_disk_entries(std::span<const u8> bytes, const std::function<Or<>(const DiskEntry&)>& visit) {
  ByteReader r(bytes);
  while (!r.at_end()) {
    DiskEntry e;
    const u8 kind = r.u8_();
    const u64 medium = r.number();
    e.operation = r.number();
    e.block = r.number();
    if (kind > static_cast<u8>(DiskEntry::Kind::kLast)) return fail("holds a block of unknown kind");
    if (medium > ~u32{0} || e.block >= u64{1} << 52) return fail("holds a block that can't be");
    e.kind = static_cast<DiskEntry::Kind>(kind);
    e.medium = static_cast<u32>(medium);
    if (e.kind == DiskEntry::Kind::kContent) e.content = r.bytes(kDiskBlockSize);
    if (!r.ok()) return fail("is too short");
    TRY(visit(e));
  }
  return {};
}

// --- Recording.

void DiskLog::before(u32 number, Medium& medium, u64 operation, u64 sector, u64 count, Access access) {
  RangeSet& known = known_[number];
  const u64 begin = sector / kSectors, end = (sector + count + kSectors - 1) / kSectors;
  RangeSet unsure;
  const auto need = [&](u64 block) {
    if (known.contains(block) || unsure.contains(block)) return;
    (keep(number, medium, operation, block) ? known : unsure).add(block, 1);
  };
  if (access == Access::kRead) {
    for (u64 block = begin; block < end; ++block) need(block);
  } else {
    // What is overwritten whole need not be kept.
    if (sector % kSectors != 0) need(begin);
    if ((sector + count) % kSectors != 0 && sector + count < medium.sectors()) need(end - 1);
  }
  known.add(begin, end - begin);
  unsure.for_each([&known](u64 first, u64 blocks) { known.remove(first, blocks); });
}

// False: a part of the block can't be read now. The guest gets an error of its own if it asks for that; the rest is
// right, and the block will be kept anew next time.
bool DiskLog::keep(u32 number, Medium& medium, u64 operation, u64 block) {
  const u64 sector = block * kSectors;
  const u64 count = std::min(kSectors, medium.sectors() - sector);
  buffer_.assign(kDiskBlockSize, 0);
  const std::span<u8> content = std::span(buffer_).first(count * kSectorSize);
  const bool whole = medium.read(sector, content);
  for (u64 s = 0; !whole && s < count; ++s) {
    const std::span<u8> one = content.subspan(s * kSectorSize, kSectorSize);
    if (!medium.read(sector + s, one)) std::fill(one.begin(), one.end(), u8{0});
  }
  const bool zeroes = all_zero(buffer_);
  sink_(DiskEntry{zeroes ? DiskEntry::Kind::kZeroes : DiskEntry::Kind::kContent, number, operation, block, buffer_});
  return whole;
}

void DiskLog::failed(u32 number, u64 operation, u64 sector, u64 count) {
  if (count != 0)
    known_[number].remove(sector / kSectors, (sector + count + kSectors - 1) / kSectors - sector / kSectors);
  sink_(DiskEntry{DiskEntry::Kind::kFailure, number, operation, 0, {}});
}

// --- Replaying.

Medium* ReplayMedia::find(u32 number) {
  if (number == 0) return nullptr;
  std::unique_ptr<Medium>& medium = media_[number];
  if (medium == nullptr) medium = std::make_unique<ReplayMedium>(entries_, number);
  return medium.get();
}

}  // namespace paemu
