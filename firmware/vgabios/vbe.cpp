#include "vgabios/vbe.hpp"

#include "abi/dispi.hpp"
#include "abi/edid.hpp"
#include "vgabios/information.hpp"
#include "vgabios/modes.hpp"
#include "vgabios/registers.hpp"
#include "vgabios/vbe_modes.hpp"

namespace vgabios {

namespace dispi = abi::dispi;

namespace {

constexpr u16 kFine = 0x004f, kFailed = 0x014f, kNotInThisMode = 0x034f, kUnknown = 0x0100;
constexpr u16 kLinearBit = 0x4000, kKeepBit = 0x8000, kNumberBits = 0x01ff;

ROM_DATA constexpr char kMaker[] = "paemu VGA BIOS";
ROM_DATA constexpr auto kEdid = abi::edid::make();

u16 read_dispi(u16 index) {
  out16(dispi::kIndexPort, index);
  return in16(dispi::kDataPort);
}
void write_dispi(u16 index, u16 value) {
  out16(dispi::kIndexPort, index);
  out16(dispi::kDataPort, value);
}

u8 bytes_of(u16 depth) { return static_cast<u8>((depth + 7) / 8); }
u16 line_bytes(u16 pixels, u16 depth) {
  return depth == 4 ? static_cast<u16>(pixels / 8) : static_cast<u16>(pixels * bytes_of(depth));
}

// Where PCI has put the frame buffer: base address 0 of the standard display.
u32 frame_buffer() {
  constexpr u16 kAddress = 0xcf8, kData = 0xcfc;
  constexpr u32 kId = 0x11111234;
  const u32 before = in32(kAddress);
  u32 base = 0;
  for (u32 device = 0; device < 32 && base == 0; ++device) {
    out32(kAddress, 0x80000000 | device << 11);
    if (in32(kData) != kId) continue;
    out32(kAddress, 0x80000010 | device << 11);
    base = in32(kData) & ~15u;
  }
  out32(kAddress, before);
  return base;
}

bool present(VbeMode& mode) {
  const u16 number = get16(bda::kVbeMode);
  return number != 0 && find_vbe_mode(number & kNumberBits, mode);
}

// --- 00h: what there is. 256 bytes, or 512 for who asks for VBE 2.
void controller_information(Registers& r) {
  const Far to{r.es, r.di};
  const bool second = peek16(to) == 0x4256 && peek16(to + 2) == 0x3245;  // "VBE2"
  for (u32 i = 0; i < (second ? 512u : 256u); i += 2) poke16(to + i, 0);
  poke32(to, 0x41534556);  // "VESA"
  poke16(to + 4, 0x0300);
  poke16(to + 6, offset_of(kMaker));
  poke16(to + 8, code_segment());
  poke32(to + 0x0a, 0x01);  // the DAC can have 8 bits
  // The list of modes stands in the block itself, where it can be read from any mode.
  const u16 list = second ? 0x100 : 0x22;
  poke16(to + 0x0e, static_cast<u16>(r.di + list));
  poke16(to + 0x10, r.es);
  poke16(to + 0x12, kMemory / 0x10000);
  poke16(to + 0x14, 0x0001);
  for (u16 i = 0; i < 3; ++i) {
    poke16(to + (0x16 + 4 * i), offset_of(kMaker));
    poke16(to + (0x18 + 4 * i), code_segment());
  }
  u16 at = list;
  for (const VbeMode& mode : kVbeModeTable) {
    poke16(to + at, rom(mode.number));
    at = static_cast<u16>(at + 2);
  }
  poke16(to + at, 0xffff);
  r.ax = kFine;
}

// --- 01h: one mode. 256 bytes.
void mode_information(Registers& r) {
  VbeMode mode;
  r.ax = kFailed;
  if (!find_vbe_mode(r.cx & kNumberBits, mode)) return;
  const Far to{r.es, r.di};
  for (u32 i = 0; i < 256; i += 2) poke16(to + i, 0);
  const bool planar = mode.depth == 4;
  const u32 base = planar ? 0 : frame_buffer();
  // Supported, with all the information, in colour, graphics; a linear frame buffer.
  poke16(to, static_cast<u16>(0x001b | (base != 0 ? 0x80 : 0)));
  poke8(to + 2, 0x07);  // window A: there, readable, writable
  poke16(to + 4, 64);   // steps and size, in KiB
  poke16(to + 6, 64);
  poke16(to + 8, 0xa000);
  poke16(to + 0x0c, offset_of(vbe_window_entry));
  poke16(to + 0x0e, code_segment());
  const u16 line = line_bytes(mode.width, mode.depth);
  poke16(to + 0x10, line);
  poke16(to + 0x12, mode.width);
  poke16(to + 0x14, mode.height);
  poke8(to + 0x16, 8);
  poke8(to + 0x17, 16);
  poke8(to + 0x18, planar ? 4 : 1);
  poke8(to + 0x19, static_cast<u8>(mode.depth));
  poke8(to + 0x1a, 1);
  const u8 model = planar ? 3 : mode.depth == 8 ? 4 : 6;
  poke8(to + 0x1b, model);
  const u32 picture = u32{line} * mode.height * (planar ? 4 : 1);
  const u8 pages = static_cast<u8>(kMemory / picture - 1);
  poke8(to + 0x1d, pages);
  poke8(to + 0x1e, 1);
  if (model == 6) {
    const bool wide = mode.depth >= 24;
    const u8 side = wide ? 8 : 5, green = wide ? 8 : mode.depth == 16 ? 6 : 5;
    const u8 reserved = mode.depth == 32 ? 8 : mode.depth == 15 ? 1 : 0;
    const u8 fields[8] = {side,     static_cast<u8>(side + green),
                          green,    side,
                          side,     0,
                          reserved, static_cast<u8>(reserved != 0 ? side + green + side : 0)};
    for (u32 i = 0; i < 8; ++i) {
      poke8(to + (0x1f + i), fields[i]);
      poke8(to + (0x36 + i), fields[i]);
    }
    poke8(to + 0x27, reserved != 0 ? 0x02 : 0);
  }
  poke32(to + 0x28, base);
  // The same again for the linear frame buffer (VBE 3).
  poke16(to + 0x32, line);
  poke8(to + 0x34, pages);
  poke8(to + 0x35, pages);
  poke32(to + 0x3e, 230'000'000);  // the highest pixel clock, Hz
  r.ax = kFine;
}

// --- 02h, 03h.
void set_vbe_mode(Registers& r) {
  const u16 number = r.bx & kNumberBits;
  r.ax = kFailed;
  if (number < 0x100) {
    Mode vga;
    if (!find_mode(static_cast<u8>(number), vga)) return;
    set_mode(static_cast<u8>(number | (r.bx & kKeepBit ? 0x80 : 0)));
    r.ax = kFine;
    return;
  }
  VbeMode mode;
  if (!find_vbe_mode(number, mode)) return;
  // A graphics mode of the VGA is the ground: unblanked, chained as the depth wants it, with its palette.
  set_mode(static_cast<u8>((mode.depth == 4 ? 0x12 : 0x13) | 0x80));
  write_dispi(dispi::kEnable, 0);
  write_dispi(dispi::kWidth, mode.width);
  write_dispi(dispi::kHeight, mode.height);
  write_dispi(dispi::kDepth, mode.depth);
  const u16 keep = r.bx & kKeepBit ? dispi::kKeepMemory : 0;
  write_dispi(dispi::kEnable, static_cast<u16>(dispi::kEnabled | keep | (r.bx & kLinearBit ? dispi::kLinear : 0)));
  set16(bda::kVbeMode, static_cast<u16>(number | (r.bx & (kLinearBit | kKeepBit))));
  set16(bda::kColumns, mode.width / 8);
  set8(bda::kLastRow, static_cast<u8>(mode.height / 16 - 1));
  set16(bda::kCharacterHeight, 16);
  r.ax = kFine;
}

void get_vbe_mode(Registers& r) {
  const u16 number = get16(bda::kVbeMode);
  r.bx = number != 0 ? number : get8(bda::kMode);
  r.ax = kFine;
}

// --- 04h.
void save_vbe_state(Registers& r) {
  constexpr u16 kDispiPart = 8, kDispiBytes = 2 * dispi::kCount;
  const u16 parts = r.cx & 7;
  const u16 own = state_size(parts);
  const Far at{r.es, static_cast<u16>(r.bx + own)};
  r.ax = kFine;
  switch (r.dl) {
    case 0: r.bx = static_cast<u16>((own + (r.cx & kDispiPart ? kDispiBytes : 0) + 63) / 64); return;
    case 1:
      save_parts(parts, {r.es, r.bx});
      for (u16 i = 0; r.cx & kDispiPart && i < dispi::kCount; ++i) poke16(at + 2 * i, read_dispi(i));
      return;
    case 2: {
      restore_parts(parts, {r.es, r.bx});
      if (!(r.cx & kDispiPart)) return;
      write_dispi(dispi::kEnable, 0);
      for (u16 i = dispi::kWidth; i <= dispi::kDepth; ++i) write_dispi(i, peek16(at + 2 * i));
      const u16 enable = peek16(at + 2 * dispi::kEnable);
      write_dispi(dispi::kEnable, enable != 0 ? static_cast<u16>(enable | dispi::kKeepMemory) : u16{0});
      for (u16 i = dispi::kBank; i <= dispi::kY; ++i) write_dispi(i, peek16(at + 2 * i));
      return;
    }
    default: r.ax = kFailed;
  }
}

// --- 05h. BH 0 set, 1 get; BL is the window, of which there is one.
void window(Registers& r) {
  r.ax = kFailed;
  VbeMode mode;
  if (r.bl != 0 || r.bh > 1 || !present(mode)) return;
  if (get16(bda::kVbeMode) & kLinearBit) {
    r.ax = kNotInThisMode;
    return;
  }
  if (r.bh == 1)
    r.dx = read_dispi(dispi::kBank);
  else if (r.dx < kMemory / 0x10000)
    write_dispi(dispi::kBank, r.dx);
  else
    return;
  r.ax = kFine;
}

// --- 06h. The length of a line: 0 set in pixels, 1 get, 2 set in bytes, 3 the most.
void scan_line(Registers& r) {
  r.ax = kFailed;
  VbeMode mode;
  if (!present(mode) || r.bl > 3) return;
  const u32 most = kMemory / mode.height;  // bytes
  if (r.bl == 0 || r.bl == 2) {
    const u32 pixels = r.bl == 0 ? r.cx : mode.depth == 4 ? r.cx * 8u : r.cx / bytes_of(mode.depth);
    if (pixels < mode.width || pixels * (mode.depth == 4 ? 1 : bytes_of(mode.depth)) > most) return;
    write_dispi(dispi::kVirtualWidth, static_cast<u16>((pixels + 7) & ~7u));
  }
  u16 pixels = read_dispi(dispi::kVirtualWidth);
  if (r.bl == 3) pixels = static_cast<u16>((most / (mode.depth == 4 ? 1 : bytes_of(mode.depth))) & 0xfff8);
  r.bx = line_bytes(pixels, mode.depth);
  r.cx = pixels;
  r.dx = r.bl == 3 ? mode.height : read_dispi(dispi::kVirtualHeight);
  r.ax = kFine;
}

// --- 07h. BL 0 and 80h set (80h after the retrace), 1 get.
void display_start(Registers& r) {
  r.ax = kFailed;
  VbeMode mode;
  if (!present(mode)) return;
  const u8 what = r.bl & 0x7f;
  if (what == 1) {
    r.bh = 0;
    r.cx = read_dispi(dispi::kX);
    r.dx = read_dispi(dispi::kY);
  } else if (what == 0) {
    if (r.bl & 0x80) {
      while (!(in8(status_port()) & 8)) {
      }
    }
    write_dispi(dispi::kX, r.cx);
    write_dispi(dispi::kY, r.dx);
    if (read_dispi(dispi::kX) != r.cx || read_dispi(dispi::kY) != r.dx) return;
  } else {
    return;
  }
  r.ax = kFine;
}

// --- 08h. The width of the DAC: BL 0 set to BH, 1 get.
void dac_width(Registers& r) {
  r.ax = kFailed;
  VbeMode mode;
  if (r.bl > 1 || !present(mode)) return;
  u16 enable = read_dispi(dispi::kEnable);
  if (r.bl == 0) {
    enable = static_cast<u16>((r.bh >= 8 ? enable | dispi::kDac8 : enable & ~dispi::kDac8) | dispi::kKeepMemory);
    write_dispi(dispi::kEnable, enable);
  }
  r.bh = enable & dispi::kDac8 ? 8 : 6;
  r.ax = kFine;
}

// --- 09h. Entries of four bytes: blue, green, red, nothing. BL 0 and 80h set, 1 get.
void palette_data(Registers& r) {
  r.ax = kFailed;
  if ((r.bl & 0x7f) > 1) return;
  for (u16 i = 0; i < r.cx && r.dx + i < 256; ++i) {
    const Far at = Far{r.es, r.di} + 4u * i;
    const u8 index = static_cast<u8>(r.dx + i);
    if (r.bl == 1) {
      const Colour c = read_colour(index);
      poke32(at, static_cast<u32>(c.blue | c.green << 8 | c.red << 16));
    } else {
      write_colour(index, {peek8(at + 2), peek8(at + 1), peek8(at)});
    }
  }
  r.ax = kFine;
}

// --- 0Ah. The functions that 32-bit code may call: entry.S.
void protected_mode_interface(Registers& r) {
  if (r.bl != 0) {
    r.ax = kFailed;
    return;
  }
  r.es = code_segment();
  r.di = offset_of(vbe_protected_mode[0]);
  r.cx = static_cast<u16>(vbe_protected_mode_end - vbe_protected_mode);
  r.ax = kFine;
}

// --- 15h. Display data channel: BL 0 what it can, 1 read block DX.
void display_data(Registers& r) {
  r.ax = kFailed;
  if (r.bl == 0) {
    r.bx = 0x0103;  // a second for a block at most; DDC1 and DDC2
  } else if (r.bl == 1 && r.dx == 0) {
    for (u16 i = 0; i < sizeof kEdid.bytes; ++i) poke8(Far{r.es, r.di} + i, rom(kEdid.bytes[i]));
  } else {
    return;
  }
  r.ax = kFine;
}

}  // namespace

void leave_vbe() {
  if (get16(bda::kVbeMode) == 0) return;
  set16(bda::kVbeMode, 0);
  write_dispi(dispi::kEnable, 0);
}

// The window function as mode information gives it for a far call: as AX=4f05h.
extern "C" void vga_vbe_window(Registers* r) { window(*r); }

void vbe_function(Registers& r) {
  switch (r.al) {
    case 0x00: return controller_information(r);
    case 0x01: return mode_information(r);
    case 0x02: return set_vbe_mode(r);
    case 0x03: return get_vbe_mode(r);
    case 0x04: return save_vbe_state(r);
    case 0x05: return window(r);
    case 0x06: return scan_line(r);
    case 0x07: return display_start(r);
    case 0x08: return dac_width(r);
    case 0x09: return palette_data(r);
    case 0x0a: return protected_mode_interface(r);
    case 0x15: return display_data(r);
    default: r.ax = kUnknown;
  }
}

}  // namespace vgabios
