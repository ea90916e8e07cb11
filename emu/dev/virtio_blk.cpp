// A request (5.2.6): u32 type, u32 reserved, u64 sector; then data; the last writable byte is the status.
//
// The configuration (5.2.4): u64 capacity, u32 size_max, u32 seg_max, {u16 cylinders, u8 heads, u8 sectors}, u32
// blk_size; at 36 u32 max_discard_sectors, max_discard_seg, discard_sector_alignment, max_write_zeroes_sectors,
// max_write_zeroes_seg, u8 write_zeroes_may_unmap.
#include "dev/virtio_blk.hpp"

#include <algorithm>
#include <array>

namespace paemu {

namespace {

constexpr u64 kSegMax = u64{1} << 2, kGeometry = u64{1} << 4, kReadOnly = u64{1} << 5, kBlockSize = u64{1} << 6,
              kFlushFeature = u64{1} << 9, kDiscardFeature = u64{1} << 13, kWriteZeroesFeature = u64{1} << 14;
constexpr u32 kIn = 0, kOut = 1, kFlush = 4, kGetId = 8, kDiscard = 11, kWriteZeroes = 13;
constexpr u8 kOk = 0, kIoError = 1, kUnsupported = 2;

constexpr u32 kHeaderSize = 16, kIdSize = 20, kConfigSize = 60;
constexpr u16 kQueueSize = 256;
constexpr u32 kUnmap = 1;                      // flag of a range to write zeroes to
constexpr u32 kMostClearedSectors = 1u << 22;  // of one request
// What one request may transfer: a bound on the host's time.
constexpr u64 kMostBytes = 16 * kMiB;
constexpr usize kPiece = 64 * kKiB;
// A disk that begins a request after 20 microseconds and then moves a byte a nanosecond.
constexpr u64 kRequestTicks = 20'000;

u64 little_endian(std::span<const u8> bytes) {
  u64 value = 0;
  for (usize i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

}  // namespace

VirtioBlk::VirtioBlk(Drive& drive, std::string serial)
    : drive_(drive),
      serial_(std::move(serial)),
      traits_{.type = 2,
              .transitional_id = 0x1001,
              .class_code = 0x010000,
              .features = kSegMax | kGeometry | kBlockSize | kFlushFeature |
                          (drive.read_only() ? kReadOnly : kDiscardFeature | kWriteZeroesFeature),
              .queue_sizes = {kQueueSize},
              .config_size = kConfigSize} {}

u8 VirtioBlk::config_read(u32 offset) const {
  constexpr u32 kHeads = 16, kSectors = 63;
  std::array<u8, kConfigSize> bytes{};
  const auto put = [&](u32 at, u64 value, u32 size) {
    for (u32 i = 0; i < size; ++i) bytes[at + i] = static_cast<u8>(value >> (8 * i));
  };
  put(0, drive_.sectors(), 8);
  put(12, kQueueSize - 2, 4);  // header and status take two descriptors
  put(16, std::min<u64>(drive_.sectors() / (kHeads * kSectors), 0xffff), 2);
  put(18, kHeads, 1);
  put(19, kSectors, 1);
  put(20, kSectorSize, 4);
  put(36, kMostClearedSectors, 4);
  put(40, 1, 4);
  put(44, 1, 4);
  put(48, kMostClearedSectors, 4);
  put(52, 1, 4);
  put(56, 1, 1);
  return bytes[offset];
}

u64 VirtioBlk::work(u32 queue) {
  VirtioChain chain;
  if (!queues().take(queue, chain)) return kDone;
  if (chain.writable_size == 0 || chain.readable_size < kHeaderSize) {
    queues().fail();
    return kDone;
  }
  u8 status = kIoError;
  const u32 written = run(chain, status);
  if (!queues().write(chain, chain.writable_size - 1, {&status, 1})) return kDone;
  queues().give_back(queue, chain, written + 1);
  return kRequestTicks + written + std::min<u64>(chain.readable_size, kMostBytes);
}

u32 VirtioBlk::run(const VirtioChain& chain, u8& status) {
  u8 header[kHeaderSize];
  if (!queues().read(chain, 0, header)) return 0;
  const u64 sector = little_endian(std::span<const u8>(header).subspan(8, 8));
  switch (little_endian(std::span<const u8>(header).first(4))) {
    case kIn: return transfer(chain, true, sector, status);
    case kOut: return transfer(chain, false, sector, status);
    case kFlush: status = drive_.flush() ? kOk : kIoError; return 0;
    case kGetId: {
      std::array<u8, kIdSize> id{};
      std::copy_n(serial_.begin(), std::min<usize>(serial_.size(), kIdSize), id.begin());
      const u32 size = static_cast<u32>(std::min<u64>(kIdSize, chain.writable_size - 1));
      if (queues().write(chain, 0, std::span(id).first(size))) status = kOk;
      return size;
    }
    case kDiscard: clear(chain, 0, status); return 0;
    case kWriteZeroes: clear(chain, kUnmap, status); return 0;
    default: status = kUnsupported; return 0;
  }
}

u32 VirtioBlk::transfer(const VirtioChain& chain, bool to_guest, u64 sector, u8& status) {
  const u64 size = to_guest ? chain.writable_size - 1 : chain.readable_size - kHeaderSize;
  if (size % kSectorSize != 0 || size > kMostBytes) return 0;
  std::array<u8, kPiece> piece;
  for (u64 done = 0; done < size;) {
    const std::span<u8> bytes(piece.data(), std::min<u64>(kPiece, size - done));
    const bool good = to_guest ? drive_.read(sector, bytes) && queues().write(chain, done, bytes)
                               : queues().read(chain, kHeaderSize + done, bytes) && drive_.write(sector, bytes);
    if (!good) return to_guest ? static_cast<u32>(done) : 0;
    done += bytes.size();
    sector += bytes.size() / kSectorSize;
  }
  status = kOk;
  return to_guest ? static_cast<u32>(size) : 0;
}

// One range {u64 sector, u32 sectors, u32 flags}, which reads as zeroes afterwards, given back to the host or not.
void VirtioBlk::clear(const VirtioChain& chain, u32 allowed_flags, u8& status) {
  constexpr u32 kRangeSize = 16;
  u8 range[kRangeSize];
  if (chain.readable_size != kHeaderSize + kRangeSize) return;
  if (!queues().read(chain, kHeaderSize, range)) return;
  const std::span<const u8> fields(range);
  const u64 sector = little_endian(fields.first(8)), count = little_endian(fields.subspan(8, 4));
  const u32 flags = static_cast<u32>(little_endian(fields.subspan(12, 4)));
  if ((flags & ~allowed_flags) != 0) {
    status = kUnsupported;
  } else if (count <= kMostClearedSectors && drive_.discard(sector, count)) {
    status = kOk;
  }
}

}  // namespace paemu
