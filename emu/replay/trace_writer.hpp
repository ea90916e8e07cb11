// TraceWriter: makes the chunks of a trace (abi/trace.hpp) and appends them, one write each. Knows nothing of machines.
#pragma once

#include <span>
#include <vector>

#include "abi/trace.hpp"
#include "replay/checkpoint.hpp"
#include "replay/disk_log.hpp"
#include "replay/trace_file.hpp"
#include "replay/trace_format.hpp"

namespace paemu {

class TraceWriter {
 public:
  // output: outlives the writer. Errors come from it.
  static Or<TraceWriter> start(TraceOutput& output, const TraceConfig& config, const Images& images);

  Or<> state(std::span<const u8> fields);
  Or<> page(Pfn frame, std::span<const u8> content);  // ascending; buffered
  Or<> begin(const TraceStart& start);                // after the snapshot, if any: the run begins
  void arrival(const Arrival& a);                     // buffered until flush()
  Or<> block(const DiskEntry& entry);                 // buffered, too; writes what is much
  Or<> flush();                                       // writes what is buffered, if anything; blocks first
  Or<> checkpoint(const Checkpoint& c);               // flushes first
  Or<> end(const TraceEnd& end);                      // flushes first

  usize buffered() const { return arrivals_.size(); }  // bytes of arrivals not yet written

 private:
  explicit TraceWriter(TraceOutput& output) : output_(&output) {}
  enum class Packing : u8 { kCompressed, kAsItIs };
  Or<> chunk(abi::trace::ChunkType type, std::span<const u8> plain, Packing packing = Packing::kCompressed);
  Or<> flush_pages();
  Or<> flush_blocks();

  TraceOutput* output_;
  u32 index_ = 0;
  std::vector<u8> arrivals_;
  Position last_;  // of the last arrival in this chunk: positions are stored as differences
  std::vector<u8> pages_;
  u32 page_count_ = 0;
  std::vector<u8> blocks_;
  std::vector<u8> scratch_;
};

}  // namespace paemu
