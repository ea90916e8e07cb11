// The contents of the chunks as structs, and their encoding. Decoding trusts nothing: each error is the end of a
// sentence that begins with the file and the chunk.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "board/machine.hpp"
#include "replay/checkpoint.hpp"

namespace paemu {

struct ImageDigest {
  u64 size = 0;
  u64 hash = 0;  // XXH3-64
  FIELDS(size, hash)
  bool operator==(const ImageDigest&) const = default;
};

inline constexpr u32 kImages = 4;  // firmware, kernel, initrd, vga_rom

struct TraceConfig {
  std::string program;  // "paemu 0.1.0": who recorded
  u64 schema = 0;       // Machine::schema()
  MachineConfig machine;
  ImageDigest images[kImages];
  FIELDS(program, schema, machine, images)
};

struct TraceStart {
  Position at;
  u64 hash = 0;
  u64 pages = 0;          // pages in the Pages chunks before
  bool snapshot = false;  // a State chunk stands before
};

struct TraceEnd {
  Checkpoint last;
  StopReason reason = StopReason::None;
};

const char* name(StopReason reason);

ImageDigest digest(std::span<const u8> image);

std::vector<u8> encode(const TraceConfig& c);
std::vector<u8> encode(const TraceStart& s);
std::vector<u8> encode(const Checkpoint& c);
std::vector<u8> encode(const TraceEnd& e);
void encode(std::vector<u8>& out, const Arrival& a, Position& previous);  // appends; positions as differences

Or<TraceConfig> decode_config(std::span<const u8> bytes);
Or<TraceStart> decode_start(std::span<const u8> bytes);
Or<Checkpoint> decode_checkpoint(std::span<const u8> bytes);
Or<TraceEnd> decode_end(std::span<const u8> bytes);
Or<std::vector<Arrival>> decode_arrivals(std::span<const u8> bytes);  // positions never go back

}  // namespace paemu
