// The trace file: what recorder, player and paetrace agree on. Integers are little-endian. Includes nothing.
//
//   FileHeader, then chunks: ChunkHeader + payload. Each chunk is appended by one write, so a file cut off by a dying
//   host holds whole chunks and at most one part of a chunk at its end.
//   Order: Config Image* [State Pages*] Start (Arrivals | Blocks | Checkpoint)* [End]
//   A block stands before the first checkpoint and the first arrival after its use.
//
// The header and the payload have a checksum each: a chunk that ends beyond the file with a good header was cut off,
// anything else that does not fit is damage.
#pragma once

namespace abi::trace {

inline constexpr char kMagic[8] = {'p', 'a', 'e', 't', 'r', 'a', 'c', 'e'};

// Bump when: a chunk's payload, the meaning of an input kind, MachineConfig or the rule of the state hash changes.
// Fields of devices are covered by the schema hash in the Config chunk and need no bump.
inline constexpr unsigned kVersion = 4;

struct FileHeader {
  char magic[8];
  unsigned version;
  unsigned reserved;            // 0
  unsigned long long checksum;  // XXH3-64 of the 16 bytes before
};

struct ChunkHeader {
  unsigned type;                        // ChunkType
  unsigned index;                       // 0, 1, 2, ...: a chunk that is missing or moved shows
  unsigned stored_size;                 // bytes that follow this header
  unsigned plain_size;                  // bytes after decompression; equal to stored_size: not compressed, else zstd
  unsigned long long payload_checksum;  // XXH3-64 of the stored bytes
  unsigned long long header_checksum;   // XXH3-64 of the 24 bytes before
};

inline constexpr unsigned kFileHeaderSize = 24;
inline constexpr unsigned kChunkHeaderSize = 32;
inline constexpr unsigned kMaxPlainSize = 16u << 20;   // bytes a chunk holds at most
inline constexpr unsigned kImagePieceSize = 1u << 20;  // bytes of an image in one Image chunk, at most
inline constexpr unsigned kPagesPerChunk = 256;

enum ChunkType : unsigned {
  kConfig = 1,      // program version, schema hash, MachineConfig, size and hash of each image
  kImage = 2,       // u8 which image, then bytes; pieces in order
  kState = 3,       // a recording that began in mid-run: all fields and the DIMM list
  kPages = 4,       // u32 count, then {u32 frame, 4096 bytes} each: the pages of the snapshot that are not all zeroes
  kStart = 5,       // the position and the state hash that the recording starts from
  kArrivals = 6,    // what came in, in order
  kCheckpoint = 7,  // position, state hash, and what is needed to say where two runs differ
  kEnd = 8,         // a checkpoint and the reason why the run ended: nothing follows
  kBlocks = 9,      // what disks held where the guest first read them, and errors of the host: replay/disk_log.hpp
};

}  // namespace abi::trace
