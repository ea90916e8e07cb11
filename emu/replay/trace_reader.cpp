#include "replay/trace_reader.hpp"

#include <fmt/format.h>
#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "replay/bytes.hpp"

namespace paemu {

using namespace abi::trace;

namespace {

constexpr u64 kMaxImageSize = kGiB;

}  // namespace

const char* chunk_name(u32 type) {
  switch (type) {
    case kConfig: return "Config";
    case kImage: return "Image";
    case kState: return "State";
    case kPages: return "Pages";
    case kStart: return "Start";
    case kArrivals: return "Arrivals";
    case kCheckpoint: return "Checkpoint";
    case kEnd: return "End";
    case kBlocks: return "Blocks";
    default: return "unknown";
  }
}

std::string TraceReader::where(const Chunk& chunk) const {
  return fmt::format("{}: chunk {} ({}) at offset {}", name(), chunk.index, chunk_name(chunk.type), chunk.offset);
}

Or<TraceReader> TraceReader::open(TraceInput& input) {
  TraceReader reader(input);
  TRY(reader.check_file_header());
  TRY(reader.scan());
  return reader;
}

Or<> TraceReader::check_file_header() {
  u8 bytes[kFileHeaderSize];
  if (input_->size() < sizeof bytes) {
    return fail(name() + (input_->size() == 0 ? " is empty, not a paemu trace" : " is too short to be a paemu trace"));
  }
  TRY(input_->read(0, bytes));
  ByteReader r(bytes);
  if (std::memcmp(r.bytes(sizeof kMagic).data(), kMagic, sizeof kMagic) != 0)
    return fail(name() + " is not a paemu trace");
  const u32 version = r.u32_();
  const u32 reserved = r.u32_();
  if (r.u64_() != XXH3_64bits(bytes, sizeof bytes - 8)) {
    return fail(name() + ": the file header at offset 0 is damaged: its checksum does not match");
  }
  if (version != kVersion) {
    return fail(fmt::format("{} has trace format {}, but this paemu reads format {}: use the paemu that recorded it",
                            name(), version, kVersion));
  }
  if (reserved != 0) return fail(name() + ": the file header at offset 0 holds a value that can't be");
  return {};
}

// The header of the chunk at `offset`; nothing when the file was cut off in this chunk.
Or<std::optional<TraceReader::Chunk>> TraceReader::chunk_at(u64 offset) {
  if (input_->size() - offset < kChunkHeaderSize) return std::optional<Chunk>{};
  u8 bytes[kChunkHeaderSize];
  TRY(input_->read(offset, bytes));
  ByteReader r(bytes);
  Chunk chunk;
  chunk.type = static_cast<ChunkType>(r.u32_());
  chunk.index = r.u32_();
  chunk.stored_size = r.u32_();
  chunk.plain_size = r.u32_();
  chunk.payload_checksum = r.u64_();
  chunk.offset = offset;
  const u32 expected_index = static_cast<u32>(chunks_.size());
  if (r.u64_() != XXH3_64bits(bytes, sizeof bytes - 8)) {
    return fail(fmt::format("{}: chunk {} at offset {} is damaged: the checksum of its header does not match", name(),
                            expected_index, offset));
  }
  if (chunk.index != expected_index) {
    return fail(fmt::format("{}: chunk {} is missing: at offset {} stands chunk {}", name(), expected_index, offset,
                            chunk.index));
  }
  if (chunk.plain_size > kMaxPlainSize || chunk.stored_size > chunk.plain_size)
    return fail(where(chunk) + " has a size that can't be");
  if (input_->size() - offset - kChunkHeaderSize < chunk.stored_size) return std::optional<Chunk>{};
  return std::optional<Chunk>{chunk};
}

Or<> TraceReader::scan() {
  for (u64 offset = kFileHeaderSize; offset < input_->size();) {
    const std::optional<Chunk> chunk = TRY(chunk_at(offset));
    if (!chunk) break;
    if (!cut_off_) return fail(where(*chunk) + " stands after the End chunk");
    const std::vector<u8> plain = TRY(payload(*chunk));
    TRY(check_order(*chunk));
    if (Or<> content = check_content(*chunk, plain); !content)
      return fail(where(*chunk) + " " + content.error().sentence);
    chunks_.push_back(*chunk);
    if (chunk->type == kStart) first_of_run_ = chunks_.size();
    if (chunk->type == kEnd) cut_off_ = false;
    offset += kChunkHeaderSize + chunk->stored_size;
  }
  if (first_of_run_ == 0) return fail(name() + " was cut off before the run in it begins: there is nothing to replay");
  return {};
}

Or<> TraceReader::check_order(const Chunk& chunk) {
  const u32 last = chunks_.empty() ? 0 : static_cast<u32>(chunks_.back().type);
  bool fits = false;
  switch (chunk.type) {
    case kConfig: fits = last == 0; break;
    case kImage: fits = last == kConfig || last == kImage; break;
    case kState: fits = last == kConfig || last == kImage; break;
    case kPages: fits = last == kState || last == kPages; break;
    case kStart: fits = last >= kConfig && last <= kPages; break;
    case kArrivals:
    case kBlocks:
    case kCheckpoint:
    case kEnd: fits = last >= kStart; break;
    default: return fail(where(chunk) + fmt::format(" has the unknown type {}", static_cast<u32>(chunk.type)));
  }
  if (!fits) return fail(where(chunk) + " stands where none may");
  return {};
}

Or<> TraceReader::check_position(Position at) {
  if (at.now < end_.now || at.retired < end_.retired) return fail("goes back in time");
  end_ = at;
  return {};
}

Or<> TraceReader::check_pages(std::span<const u8> plain) {
  ByteReader r(plain);
  const u32 count = r.u32_();
  if (count == 0 || count > kPagesPerChunk || plain.size() != 4 + u64{count} * (4 + kPageSize))
    return fail("has a count that can't be");
  for (u32 i = 0; i < count; ++i) {
    const i64 frame = r.u32_();
    if (frame <= last_frame_) return fail("has pages out of order");
    last_frame_ = frame;
    r.bytes(kPageSize);
  }
  page_count_ += count;
  return {};
}

Or<> TraceReader::check_content(const Chunk& chunk, std::span<const u8> plain) {
  switch (chunk.type) {
    case kConfig:
      config_ = TRY(decode_config(plain));
      for (const ImageDigest& image : config_.images) {
        if (image.size > kMaxImageSize) return fail("names an image that is larger than 1 GiB");
      }
      return {};
    case kImage: {
      const u8 which = plain.empty() ? 0xff : plain[0];
      if (which >= kImages || plain.size() - 1 > config_.images[which].size - image_bytes_[which])
        return fail("holds no piece of an image");
      image_bytes_[which] += plain.size() - 1;
      return {};
    }
    case kState: return {};  // the machine judges it
    case kPages: return check_pages(plain);
    case kStart:
      start_ = TRY(decode_start(plain));
      for (u32 i = 0; i < kImages; ++i) {
        if (image_bytes_[i] != config_.images[i].size) return fail("comes before all images are there");
      }
      if (start_.pages != page_count_) return fail("comes before all pages are there");
      if (start_.snapshot !=
          std::any_of(chunks_.begin(), chunks_.end(), [](const Chunk& c) { return c.type == kState; })) {
        return fail("does not fit the snapshot before it");
      }
      end_ = start_.at;
      return {};
    case kArrivals:
      for (const Arrival& a : TRY(decode_arrivals(plain))) TRY(check_position(a.at));
      return {};
    case kBlocks: return note_blocks(plain);
    case kCheckpoint: return check_position(TRY(decode_checkpoint(plain)).at);
    case kEnd: return check_position(TRY(decode_end(plain)).last.at);
  }
  return {};
}

Or<std::vector<u8>> TraceReader::payload(const Chunk& chunk) {
  std::vector<u8> stored(chunk.stored_size);
  TRY(input_->read(chunk.offset + kChunkHeaderSize, stored));
  if (XXH3_64bits(stored.data(), stored.size()) != chunk.payload_checksum) {
    return fail(where(chunk) + " is damaged: its checksum does not match");
  }
  if (chunk.stored_size == chunk.plain_size) return stored;
  // The size that the chunk claims is bounded; what zstd would make of it beyond that is an error, not an allocation.
  std::vector<u8> plain(chunk.plain_size);
  const usize size = ZSTD_decompress(plain.data(), plain.size(), stored.data(), stored.size());
  if (ZSTD_isError(size) || size != plain.size()) return fail(where(chunk) + " is damaged: it can't be decompressed");
  return plain;
}

Or<Images> TraceReader::images() {
  Images images;
  std::vector<u8>* const parts[] = {&images.firmware, &images.kernel, &images.initrd, &images.vga_rom};
  for (const Chunk& chunk : chunks_) {
    if (chunk.type != kImage) continue;
    const std::vector<u8> plain = TRY(payload(chunk));
    parts[plain[0]]->insert(parts[plain[0]]->end(), plain.begin() + 1, plain.end());
  }
  static constexpr const char* kNames[] = {"firmware", "kernel", "initrd", "VGA BIOS"};
  for (u32 i = 0; i < kImages; ++i) {
    if (digest(*parts[i]) != config_.images[i]) {
      return fail(fmt::format("{}: the {} in it is damaged: its hash does not match", name(), kNames[i]));
    }
  }
  images.media = std::make_shared<ReplayMedia>(static_cast<DiskEntries&>(*this));
  return images;
}

// --- Disk blocks.

Or<> TraceReader::note_blocks(std::span<const u8> plain) {
  const u32 chunk = static_cast<u32>(chunks_.size());
  return decode_disk_entries(plain, [&](const DiskEntry& e) -> Or<> {
    if (e.kind == DiskEntry::Kind::kFailure) {
      failures_.insert({e.medium, e.operation});
    } else {
      const bool zeroes = e.kind == DiskEntry::Kind::kZeroes;
      const BlockPlace place{zeroes ? kNoChunk : chunk, zeroes ? 0 : static_cast<u32>(e.content.data() - plain.data())};
      blocks_[{e.medium, e.block, e.operation}] = place;
    }
    return {};
  });
}

bool TraceReader::read_block(u32 medium, u64 block, u64 operation, std::span<u8> out) {
  constexpr usize kRecent = 8;
  auto found = blocks_.upper_bound({medium, block, operation});
  if (found == blocks_.begin()) return false;
  --found;
  if (found->first.medium != medium || found->first.block != block) return false;
  const BlockPlace place = found->second;
  if (place.chunk == kNoChunk) {
    std::fill(out.begin(), out.end(), u8{0});
    return true;
  }
  auto cached = std::find_if(recent_.begin(), recent_.end(), [&](const auto& r) { return r.first == place.chunk; });
  if (cached == recent_.end()) {
    Or<std::vector<u8>> plain = payload(chunks_[place.chunk]);
    if (!plain || plain->size() < place.offset + kDiskBlockSize) return false;
    if (recent_.size() == kRecent) recent_.pop_back();
    recent_.emplace_front(place.chunk, std::move(plain.value()));
    cached = recent_.begin();
  }
  std::copy_n(cached->second.begin() + place.offset, kDiskBlockSize, out.begin());
  return true;
}

Or<std::vector<u8>> TraceReader::state() {
  for (const Chunk& chunk : chunks_) {
    if (chunk.type == kState) return payload(chunk);
  }
  return fail(name() + " holds no snapshot");
}

}  // namespace paemu
