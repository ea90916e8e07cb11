// Medium: what lies in a drive: a disk image of the host, or what a trace kept of one. Drives (replay/drive.hpp) use it
// and nobody else; implemented in host, by the player's side of replay, and by fakes in tests.
//
// All is counted in sectors of 512 bytes. What read() returns depends on nothing but what the image held at the start
// and on the calls before. A false says that the host could not; what a failed write leaves behind is not known.
#pragma once

#include <memory>
#include <span>

#include "base/types.hpp"

namespace paemu {
using namespace base;

inline constexpr u32 kSectorSize = 512;

class Medium {
 public:
  virtual ~Medium() = default;

  virtual u64 sectors() const = 0;
  virtual bool read_only() const = 0;

  // The number of the operation that follows, counted by the drive: a replay finds errors of the host by it.
  virtual void begin(u64 operation) { (void)operation; }

  // Ranges lie within sectors(); spans are multiples of kSectorSize.
  virtual bool read(u64 sector, std::span<u8> out) = 0;
  // What is written has left this process when it returns: a kill does not lose it.
  virtual bool write(u64 sector, std::span<const u8> data) = 0;
  // What was written before survives a crash of the host, too.
  virtual bool flush() = 0;
  // Reads as zeroes afterwards; may give room back to the host.
  virtual bool discard(u64 sector, u64 count) = 0;
};

// The media of a run by number: those of the configuration, and each that was put into a drive later. Numbers begin at
// 1 and are not used twice; a trace names media by them.
class MediumStore {
 public:
  virtual ~MediumStore() = default;
  // nullptr: there is none of this number (any more).
  virtual Medium* find(u32 number) = 0;
  // It was taken out of its drive and will not be asked for again.
  virtual void release(u32 number) = 0;
};

}  // namespace paemu
