#include "segments.hpp"

#include "processor_state.hpp"

namespace paemu::isa_test {

namespace {

using namespace layout;

// Attributes of DPL 3 (SDM 3A, 3.4.5): type, S, P; D/B and G above.
constexpr u16 kExecute = 0xf9, kExecuteRead = 0xfb, kConforming = 0xff, kRead = 0xf1, kWrite = 0xf3, kReadDown = 0xf5,
              kWriteDown = 0xf7;
constexpr u16 kBig = 0x4000, kPages = 0x8000, kAbsent = 0x80;  // kAbsent is taken away
constexpr u32 kAll = 0xffffffff;

constexpr SegmentSpec kLocal[] = {
    // Code: 0 to 9. Conforming code modify_ldt takes only when it is not present.
    {0, kAll, kExecuteRead | kBig | kPages},
    {kCode, kCodeSize - 1, kExecuteRead | kBig},
    {kCode, kCodeSize - 1, kExecute | kBig},
    {kCode, 0xffff, kExecuteRead},
    {kCode, 0x0fff, kExecuteRead},
    {kCode - 0x8000, 0xffff, kExecuteRead},
    {0, kAll, kExecuteRead | kPages},
    {kCode + 0x800, 0x7ff, kExecute},
    {0, kAll, (kExecuteRead ^ kAbsent) | kBig | kPages},
    {0, kAll, (kConforming ^ kAbsent) | kBig | kPages},
    // Data that goes up: 10 to 17.
    {0, kAll, kWrite | kBig | kPages},
    {kData, kDataSize - 1, kWrite | kBig},
    {kData, kAllData - 1, kWrite},
    {kData - 0x8000, 0xffff, kWrite},
    {kData, 0x0fff, kWrite},
    {kData, kDataSize - 1, kRead | kBig},
    {kData + 3, 0x1ff0, kWrite | kBig},
    {0xfff00000, kAll, kWrite | kBig | kPages},  // wraps around at 4 GiB
    // Data that goes down: 18 to 21.
    {0, kData + 0xfff, kWriteDown | kBig | kPages},
    {kData, 0x07ff, kWriteDown},
    {kData, 0x0fff, kWriteDown | kBig},
    {kData - 0xe000, 0xefff, kReadDown},
    // Odd ones: not present, and of one byte.
    {0, kAll, (kWrite ^ kAbsent) | kBig | kPages},
    {kData, 0, kWrite | kBig},
};

constexpr u16 kCodes[] = {local_selector(0), local_selector(1), local_selector(2), local_selector(3), local_selector(3),
                          local_selector(4), local_selector(5), local_selector(6), local_selector(7)};
constexpr u16 kStacks[] = {local_selector(10), local_selector(11), local_selector(12), local_selector(12),
                           local_selector(13), local_selector(14), local_selector(16), local_selector(17),
                           local_selector(18), local_selector(19), local_selector(20)};
constexpr u16 kDatas[] = {0,
                          kUserData,
                          local_selector(0),
                          local_selector(1),
                          local_selector(10),
                          local_selector(11),
                          local_selector(12),
                          local_selector(12),
                          local_selector(13),
                          local_selector(13),
                          local_selector(14),
                          local_selector(15),
                          local_selector(16),
                          local_selector(17),
                          local_selector(18),
                          local_selector(19),
                          local_selector(20),
                          local_selector(21),
                          local_selector(23)};

}  // namespace

std::span<const SegmentSpec> local_segments() { return kLocal; }
std::span<const u16> code_selectors() { return kCodes; }
std::span<const u16> stack_selectors() { return kStacks; }
std::span<const u16> data_selectors() { return kDatas; }

Segment segment_of(u16 selector) {
  if (selector == kUserCode) return Segment{kUserCode, kExecuteRead | kBig | kPages, 0, kAll};
  if (selector == kUserData) return Segment{kUserData, kWrite | kBig | kPages, 0, kAll};
  const u32 entry = selector >> 3;
  if (!(selector & 4) || entry >= std::size(kLocal)) return Segment{selector};
  return Segment{selector, kLocal[entry].attributes, kLocal[entry].base, kLocal[entry].limit};
}

}  // namespace paemu::isa_test
