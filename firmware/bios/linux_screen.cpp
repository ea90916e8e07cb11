#include "bios/linux_screen.hpp"

#include "bios/layout.hpp"
#include "bios/real_mode.hpp"

namespace firmware {

namespace {

constexpr u8 kVgaText = 0x01, kVbeGraphics = 0x23;  // ScreenInfo::kind
constexpr u32 kFirstVbe = 0x200;                    // "vga=" numbers from here on are VBE modes
constexpr u32 kAskNothing = 0xffff;
constexpr u16 kFine = 0x004f;
constexpr u16 kLinear = 0x4000;
constexpr u32 kModeInfo = kBootInfoEnd - 256;  // for a moment

// What the VBE mode information block has at these offsets (VBE 3.0, function 01h).
constexpr u32 kAttributes = 0x00, kLineLength = 0x10, kWidth = 0x12, kHeight = 0x14, kDepth = 0x19, kPages = 0x1d,
              kColours = 0x1f, kFrameBuffer = 0x28;
constexpr u16 kLinearAttribute = 0x80;

u16 call10(u16 ax, u16 bx, u16 cx, RealCall& r) {
  r = RealCall{};
  r.eax = ax;
  r.ebx = bx;
  r.ecx = cx;
  r.es = static_cast<u16>(kModeInfo >> 4);
  r.edi = kModeInfo & 15;
  call_interrupt(0x10, r);
  return static_cast<u16>(r.eax);
}

// The value of the last "vga=" that is a word of its own; kAskNothing when there is none that is a number.
u32 wanted_mode(const char* text) {
  u32 mode = kAskNothing;
  for (bool begins = true; *text != '\0'; begins = *text++ == ' ') {
    if (!begins || text[0] != 'v' || text[1] != 'g' || text[2] != 'a' || text[3] != '=') continue;
    const char* p = text + 4;
    const bool hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
    if (hex) p += 2;
    u32 value = 0;
    bool number = *p != '\0' && *p != ' ';
    for (; *p != '\0' && *p != ' ' && number; ++p) {
      const char c = static_cast<char>(*p >= 'A' && *p <= 'F' ? *p + ('a' - 'A') : *p);
      if (c >= '0' && c <= '9')
        value = value * (hex ? 16 : 10) + static_cast<u32>(c - '0');
      else if (hex && c >= 'a' && c <= 'f')
        value = value * 16 + static_cast<u32>(c - 'a' + 10);
      else
        number = false;
      number = number && value < kAskNothing;
    }
    mode = number ? value : kAskNothing;
  }
  return mode;
}

bool set_vbe_mode(u16 mode, ScreenInfo& info) {
  RealCall r;
  if (call10(0x4f01, 0, mode, r) != kFine) return false;
  const u8* block = at<u8>(kModeInfo);
  const auto word = [&](u32 offset) { return static_cast<u16>(block[offset] | block[offset + 1] << 8); };
  info.kind = kVbeGraphics;
  info.width = word(kWidth);
  info.height = word(kHeight);
  info.depth = block[kDepth];
  info.line_length = word(kLineLength);
  info.frame_buffer = word(kFrameBuffer) | static_cast<u32>(word(kFrameBuffer + 2)) << 16;
  info.red_size = block[kColours];
  info.red_place = block[kColours + 1];
  info.green_size = block[kColours + 2];
  info.green_place = block[kColours + 3];
  info.blue_size = block[kColours + 4];
  info.blue_place = block[kColours + 5];
  info.reserved_size = block[kColours + 6];
  info.reserved_place = block[kColours + 7];
  info.pages = block[kPages];
  info.attributes = word(kAttributes);
  if (!(info.attributes & kLinearAttribute) || info.depth < 8) return false;
  if (call10(0x4f00, 0, 0, r) != kFine) return false;
  info.frame_buffer_size = word(0x12);
  return call10(0x4f02, static_cast<u16>(mode | kLinear), 0, r) == kFine;
}

void describe_text(ScreenInfo& info) {
  RealCall r;
  call10(0x0300, 0, 0, r);  // the cursor
  info.column = static_cast<u8>(r.edx);
  info.row = static_cast<u8>(r.edx >> 8);
  const u32 mode = call10(0x0f00, 0, 0, r);
  info.mode = static_cast<u8>(mode & 0x7f);
  info.columns = static_cast<u8>(mode >> 8);
  info.page = static_cast<u8>(r.ebx >> 8);
  call10(0x1200, 0x0010, 0, r);
  info.ega_bx = static_cast<u16>(r.ebx);
  constexpr u32 kLastRow = 0x484, kCharacterHeight = 0x485;
  info.rows = static_cast<u8>(*at<u8>(kLastRow) + 1);
  info.character_height = *at<u16>(kCharacterHeight);
  info.kind = kVgaText;
}

}  // namespace

void describe_screen(const char* command_line, ScreenInfo& info) {
  RealCall r;
  constexpr u16 kCombination = 0x1a00;
  if ((call10(kCombination, 0, 0, r) & 0xff) != 0x1a) return;  // no VGA
  const u32 wanted = wanted_mode(command_line);
  describe_text(info);
  if (wanted >= kFirstVbe && wanted != kAskNothing) {
    const ScreenInfo text = info;
    if (!set_vbe_mode(static_cast<u16>(wanted - kFirstVbe), info)) info = text;
  }
}

}  // namespace firmware
