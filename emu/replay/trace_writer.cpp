#include "replay/trace_writer.hpp"

#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <cassert>

#include "replay/bytes.hpp"

namespace paemu {

namespace {

constexpr int kCompressionLevel = -5;  // the run waits for it

}  // namespace

Or<TraceWriter> TraceWriter::start(TraceOutput& output, const TraceConfig& config, const Images& images) {
  TraceWriter writer(output);
  std::vector<u8> header;
  ByteWriter w(header);
  for (const char c : abi::trace::kMagic) w.u8_(static_cast<u8>(c));
  w.u32_(abi::trace::kVersion);
  w.u32_(0);
  w.u64_(XXH3_64bits(header.data(), header.size()));
  TRY(output.append(header));
  TRY(writer.chunk(abi::trace::kConfig, encode(config)));
  u8 which = 0;
  for (const std::vector<u8>* image : {&images.firmware, &images.kernel, &images.initrd, &images.vga_rom}) {
    for (usize at = 0; at < image->size(); at += abi::trace::kImagePieceSize) {
      const auto piece =
          std::span(*image).subspan(at, std::min<usize>(abi::trace::kImagePieceSize, image->size() - at));
      std::vector<u8> plain{which};
      plain.insert(plain.end(), piece.begin(), piece.end());
      // Most are packed already, and compressing those that are not would be the greater part of what a short recording costs.
      TRY(writer.chunk(abi::trace::kImage, plain, Packing::kAsItIs));
    }
    ++which;
  }
  return writer;
}

Or<> TraceWriter::chunk(abi::trace::ChunkType type, std::span<const u8> plain, Packing packing) {
  if (plain.size() > abi::trace::kMaxPlainSize) return fail("a chunk of the trace would be larger than 16 MiB");
  const usize head = abi::trace::kChunkHeaderSize;
  const usize most = head + ZSTD_compressBound(plain.size());
  if (scratch_.size() < most) scratch_.resize(most);
  usize stored = plain.size();
  if (packing == Packing::kCompressed)
    stored = ZSTD_compress(scratch_.data() + head, scratch_.size() - head, plain.data(), plain.size(), kCompressionLevel);
  if (ZSTD_isError(stored) || stored >= plain.size()) {
    std::copy(plain.begin(), plain.end(), scratch_.begin() + static_cast<std::ptrdiff_t>(head));
    stored = plain.size();
  }
  std::vector<u8> header;
  ByteWriter w(header);
  w.u32_(type);
  w.u32_(index_++);
  w.u32_(static_cast<u32>(stored));
  w.u32_(static_cast<u32>(plain.size()));
  w.u64_(XXH3_64bits(scratch_.data() + head, stored));
  w.u64_(XXH3_64bits(header.data(), header.size()));
  assert(header.size() == head);
  std::copy(header.begin(), header.end(), scratch_.begin());
  return output_->append(std::span(scratch_).first(head + stored));
}

Or<> TraceWriter::state(std::span<const u8> fields) { return chunk(abi::trace::kState, fields); }

Or<> TraceWriter::page(Pfn frame, std::span<const u8> content) {
  assert(content.size() == kPageSize);
  ByteWriter w(pages_);
  if (page_count_ == 0) w.u32_(0);
  w.u32_(frame.value);
  w.bytes(content);
  if (++page_count_ == abi::trace::kPagesPerChunk) return flush_pages();
  return {};
}

Or<> TraceWriter::flush_pages() {
  if (page_count_ == 0) return {};
  for (u32 i = 0; i < 4; ++i) pages_[i] = static_cast<u8>(page_count_ >> (8 * i));
  Or<> written = chunk(abi::trace::kPages, pages_);
  pages_.clear();
  page_count_ = 0;
  return written;
}

Or<> TraceWriter::begin(const TraceStart& start) {
  TRY(flush_pages());
  return chunk(abi::trace::kStart, encode(start));
}

void TraceWriter::arrival(const Arrival& a) { encode(arrivals_, a, last_); }

Or<> TraceWriter::block(const DiskEntry& entry) {
  constexpr usize kEnough = 1 << 20;
  encode(blocks_, entry);
  if (blocks_.size() >= kEnough) return flush_blocks();
  return {};
}

Or<> TraceWriter::flush_blocks() {
  if (blocks_.empty()) return {};
  Or<> written = chunk(abi::trace::kBlocks, blocks_);
  blocks_.clear();
  return written;
}

Or<> TraceWriter::flush() {
  TRY(flush_blocks());
  if (arrivals_.empty()) return {};
  Or<> written = chunk(abi::trace::kArrivals, arrivals_);
  arrivals_.clear();
  last_ = Position{};  // each chunk stands for itself
  return written;
}

Or<> TraceWriter::checkpoint(const Checkpoint& c) {
  TRY(flush());
  return chunk(abi::trace::kCheckpoint, encode(c));
}

Or<> TraceWriter::end(const TraceEnd& e) {
  TRY(flush());
  return chunk(abi::trace::kEnd, encode(e));
}

}  // namespace paemu
