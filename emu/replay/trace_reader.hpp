// TraceReader: opens a trace and hands out its chunks. A trace file is hostile input.
//
// open() checks every chunk of the file before anything else happens: checksums, sizes, order, counts and positions. A
// file that was cut off (its writer died) is fine up to its last whole chunk, once the run in it has started.
// Errors are one sentence: "FILE: chunk 7 (Arrivals) at offset 12345 is damaged: its checksum does not match".
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "abi/trace.hpp"
#include "replay/disk_log.hpp"
#include "replay/trace_file.hpp"
#include "replay/trace_format.hpp"

namespace paemu {

const char* chunk_name(u32 type);

class TraceReader final : private DiskEntries {
 public:
  struct Chunk {
    abi::trace::ChunkType type;
    u32 index;
    u64 offset;  // of its header in the file
    u32 stored_size;
    u32 plain_size;
    u64 payload_checksum;
  };

  // input: outlives the reader.
  static Or<TraceReader> open(TraceInput& input);

  const std::string& name() const { return input_->name(); }
  const TraceConfig& config() const { return config_; }
  const TraceStart& start() const { return start_; }
  const std::vector<Chunk>& chunks() const { return chunks_; }
  usize first_of_run() const { return first_of_run_; }  // index of the chunk after Start
  bool cut_off() const { return cut_off_; }             // no End chunk
  Position end() const { return end_; }                 // the last position that the trace knows

  // The decompressed payload. Errors: the file changed since open().
  Or<std::vector<u8>> payload(const Chunk& chunk);
  // Firmware, kernel and initrd as recorded, and media made from the blocks: the reader outlives them.
  Or<Images> images();
  // The snapshot, if start().snapshot: calls for the fields, then for each page.
  Or<std::vector<u8>> state();
  template <class Visit>  // Or<> visit(Pfn, std::span<const u8>)
  Or<> for_each_page(Visit&& visit);

 private:
  explicit TraceReader(TraceInput& input) : input_(&input) {}
  Or<> check_file_header();
  Or<> scan();
  Or<std::optional<Chunk>> chunk_at(u64 offset);
  Or<> check_order(const Chunk& chunk);
  Or<> check_position(Position at);
  Or<> check_pages(std::span<const u8> plain);
  Or<> check_content(const Chunk& chunk, std::span<const u8> plain);
  std::string where(const Chunk& chunk) const;
  Or<> note_blocks(std::span<const u8> plain);
  bool read_block(u32 medium, u64 block, u64 operation, std::span<u8> out) override;
  bool has_block(u32 medium, u64 block, u64 operation) const override {
    return blocks_.contains({medium, block, operation});
  }
  bool failed(u32 medium, u64 operation) const override { return failures_.contains({medium, operation}); }

  TraceInput* input_;
  TraceConfig config_;
  TraceStart start_;
  std::vector<Chunk> chunks_;
  usize first_of_run_ = 0;
  bool cut_off_ = true;
  Position end_;
  // Disk blocks: where the content of each is, from which operation on.
  struct BlockKey {
    u32 medium;
    u64 block, operation;
    auto operator<=>(const BlockKey&) const = default;
  };
  struct BlockPlace {
    u32 chunk;   // index; kNoChunk: all zeroes
    u32 offset;  // in its payload
  };
  static constexpr u32 kNoChunk = ~0u;
  std::map<BlockKey, BlockPlace> blocks_;
  std::set<std::pair<u32, u64>> failures_;  // {medium, operation}
  // Payloads decompressed last, the newest in front: a replay reads blocks in the order of the recording.
  std::deque<std::pair<u32, std::vector<u8>>> recent_;
  // While scanning.
  u64 image_bytes_[kImages] = {};
  u64 page_count_ = 0;
  i64 last_frame_ = -1;
};

// {u32 frame, 4096 bytes} each, after a u32 count. The payload was checked by open().
template <class Visit>
Or<> TraceReader::for_each_page(Visit&& visit) {
  for (usize i = 0; i < first_of_run_; ++i) {
    if (chunks_[i].type != abi::trace::kPages) continue;
    const std::vector<u8> plain = TRY(payload(chunks_[i]));
    for (usize at = 4; at + 4 + kPageSize <= plain.size(); at += 4 + kPageSize) {
      const u32 frame = plain[at] | plain[at + 1] << 8 | plain[at + 2] << 16 | static_cast<u32>(plain[at + 3]) << 24;
      TRY(visit(Pfn{frame}, std::span<const u8>(plain.data() + at + 4, kPageSize)));
    }
  }
  return {};
}

}  // namespace paemu
