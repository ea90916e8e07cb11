// What a Linux kernel is told of the screen, which its own 16-bit code would have asked for.
#pragma once

#include "base/types.hpp"

namespace firmware {
using namespace base;

// screen_info, the beginning of boot_params (Linux: include/uapi/linux/screen_info.h).
struct [[gnu::packed]] ScreenInfo {
  u8 column, row;  // of the cursor
  u16 extended_memory;
  u16 page;
  u8 mode, columns;
  u16 unused1;
  u16 ega_bx;
  u16 unused2;
  u8 rows;
  u8 kind;
  u16 character_height;
  u16 width, height, depth;
  u32 frame_buffer, frame_buffer_size;  // the size in 64 KiB
  u16 command_line_magic, command_line_offset;
  u16 line_length;
  u8 red_size, red_place, green_size, green_place, blue_size, blue_place, reserved_size, reserved_place;
  u16 pm_segment, pm_offset;
  u16 pages, attributes;
  u32 capabilities;
  u32 frame_buffer_high;
  u8 unused3[2];
};
static_assert(sizeof(ScreenInfo) == 0x40);

// Sets the mode that "vga=" of the command line names (a number; for VBE modes 0x200 more than VESA's) and describes
// the screen as it is then. Without a display all stays zero. The command line may be empty.
void describe_screen(const char* command_line, ScreenInfo& info);

}  // namespace firmware
