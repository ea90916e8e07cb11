// Paging for bare guests: the first 16 MiB mapped one to one for all rings, and entries for a window at kWindow that a
// test fills as it likes. Tables are at 1 MiB.
#pragma once

#include "frame.hpp"

namespace bare {

// Bits of an entry (SDM 3A, tables 4-4 to 4-11).
namespace entry {
inline constexpr u32 kPresent = 1, kWrite = 2, kUser = 4, kAccessed = 0x20, kDirty = 0x40, kLarge = 0x80,
                     kGlobal = 0x100;
inline constexpr u32 kAll = kPresent | kWrite | kUser;
inline constexpr u64 kNoExecute = u64{1} << 63;
}  // namespace entry

// Error code of a page fault (SDM 3A, figure 4-12).
namespace pf {
inline constexpr u32 kPresent = 1, kWrite = 2, kUser = 4, kReserved = 8, kFetch = 16;
}

inline constexpr u32 kCr0Wp = 1u << 16, kCr0Pg = 1u << 31;
inline constexpr u32 kCr4Pse = 1u << 4, kCr4Pae = 1u << 5, kCr4Pge = 1u << 7;
inline constexpr u32 kEferMsr = 0xc0000080, kNxe = 1u << 11;

enum class Paging { k32, kPae };

// Where the window begins, and physical memory for it that nothing else uses: aligned for every page size.
inline constexpr u32 kWindow = 0x40000000;
inline constexpr u32 kFrames = 0x400000;
inline constexpr u32 kDirectory32 = 0x100000, kPointers = 0x101000, kDirectoriesPae = 0x102000, kWindowTable = 0x106000;

bool has_nx();
u32 physical_bits();  // as CPUID says; 36 when it does not

// Builds all tables with an empty window and turns paging on (PSE on in both; NXE as given); off again.
void start_paging(Paging mode, bool nxe = false);
void stop_paging();
void set_write_protect(bool on);

// The entries for a window address. Of 32-bit paging the upper half is not there; write() leaves it alone.
struct Entry {
  u32 address;
  bool wide;
  u64 read() const { return wide ? at<u64>(address) : at<u32>(address); }
  void write(u64 value) const {
    if (wide) {
      at<u32>(address + 4) = static_cast<u32>(value >> 32);
    }
    at<u32>(address) = static_cast<u32>(value);
  }
};
Entry directory_entry(Paging mode, u32 linear);
Entry table_entry(Paging mode, u32 linear);  // in kWindowTable, for the first 512 (or 1024) pages of the window
// Maps a page of the window by a table.
void map_page(Paging mode, u32 linear, u32 physical, u64 flags);

}  // namespace bare
