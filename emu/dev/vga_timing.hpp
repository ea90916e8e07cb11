// VgaTiming: what CRTC, sequencer and clock select make of size and time. Derived from the registers, never state.
#pragma once

#include "dev/vga_state.hpp"

namespace paemu {

struct VgaTiming {
  explicit VgaTiming(const VgaState& s);

  u32 characters;      // shown in a line; 0: the CRTC has not been set up
  u32 dots;            // of a character: 8 or 9
  u32 lines;           // shown
  u32 row_scan_lines;  // of a character row, or how often a graphics row is repeated
  u32 line_compare;    // the last line before the split
  u32 retrace_start;   // line
  u32 retrace_lines;
  u32 line_ns;
  u32 total_lines;

  struct Beam {
    bool drawing;
    bool vertical_retrace;
  };
  Beam beam_at(u64 now_ns) const;
  u64 frame_ns() const { return u64{line_ns} * total_lines; }

 private:
  u32 line_drawn_ns_;  // of line_ns, what shows something
};

}  // namespace paemu
