// CRT Controller Registers: the totals are stored less 5 characters and 2 lines, the ends less 1; the high bits of
// vertical values are in Overflow and Maximum Scan Line.
#include "dev/vga_timing.hpp"

#include <algorithm>

namespace paemu {

using namespace vga;

namespace {

constexpr u64 kClock25Hz = 25'175'000, kClock28Hz = 28'322'000;

// A display that no CRTC value describes is given the times of 640x480: the Bochs interface sets none.
constexpr u32 kDefaultLineNs = 31'778, kDefaultDrawnNs = 25'422, kDefaultTotal = 525, kDefaultLines = 480,
              kDefaultRetrace = 490;

constexpr u32 bit(u8 value, u32 from, u32 to) { return (value >> from & 1u) << to; }

}  // namespace

VgaTiming::VgaTiming(const VgaState& s) {
  const u8* c = s.crtc;
  const u8 overflow = c[kOverflow], maximum = c[kMaximumScanLine];
  const u32 by = c[kModeControl] & kLinesBy2 ? 2 : 1;
  characters = c[kHorizontalEnd] == 0 ? 0 : c[kHorizontalEnd] + 1u;
  dots = s.sequencer[kClockingMode] & kEightDots ? 8 : 9;
  lines = ((c[kVerticalEnd] | bit(overflow, 1, 8) | bit(overflow, 6, 9)) + 1) * by;
  row_scan_lines = (maximum & 0x1f) + 1u;
  line_compare = (c[kLineCompare] | bit(overflow, 4, 8) | bit(maximum, 6, 9)) * by;
  retrace_start = (c[kRetraceStart] | bit(overflow, 2, 8) | bit(overflow, 7, 9)) * by;
  total_lines = ((c[kVerticalTotal] | bit(overflow, 0, 8) | bit(overflow, 5, 9)) + 2) * by;
  // The end compares the low 4 bits of the line counter.
  retrace_lines = std::max((c[kRetraceEnd] - retrace_start / by) & 0xf, 1u) * by;

  const u64 clock =
      (s.misc & kClock28 ? kClock28Hz : kClock25Hz) / (s.sequencer[kClockingMode] & kHalfDotClock ? 2 : 1);
  const u64 dot_ps = 1'000'000'000'000 / clock;
  line_ns = static_cast<u32>((c[kHorizontalTotal] + 5u) * dots * dot_ps / 1000);
  line_drawn_ns_ = static_cast<u32>(characters * dots * dot_ps / 1000);

  const bool described = characters != 0 && line_drawn_ns_ < line_ns && retrace_start < total_lines;
  if (!described || s.dispi_on()) {
    line_ns = kDefaultLineNs;
    line_drawn_ns_ = kDefaultDrawnNs;
    total_lines = kDefaultTotal;
    retrace_start = kDefaultRetrace;
    retrace_lines = 2;
    if (!s.dispi_on()) lines = std::min(lines, kDefaultLines);
  }
}

VgaTiming::Beam VgaTiming::beam_at(u64 now_ns) const {
  const u64 in_frame = now_ns % frame_ns();
  const u32 line = static_cast<u32>(in_frame / line_ns), in_line = static_cast<u32>(in_frame % line_ns);
  return Beam{.drawing = line < std::min(lines, retrace_start) && in_line < line_drawn_ns_,
              .vertical_retrace = line >= retrace_start && line - retrace_start < retrace_lines};
}

}  // namespace paemu
