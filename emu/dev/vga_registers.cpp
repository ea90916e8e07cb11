// The ports of the VGA: an index and a data port for each of its parts, and a few without index.
#include "dev/vga.hpp"
#include "dev/vga_timing.hpp"

namespace paemu {

using namespace vga;

namespace {

// The bits that each register has.
constexpr u8 kSequencerBits[kSequencerCount] = {0x03, 0x3d, 0x0f, 0x3f, 0x0e};
constexpr u8 kGraphicsBits[kGraphicsCount] = {0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff};
constexpr u8 kAttributeBits[kAttributeCount] = {0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
                                                0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0xef, 0xff, 0x3f, 0x0f, 0x0f};
constexpr u8 kCrtcBits[kCrtcCount] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0x3f, 0x7f, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xef, 0xff};
constexpr u32 kFirstProtected = 0, kLastProtected = 7;  // by kProtect, but for bit 4 of Overflow
constexpr u8 kLineCompare8 = 0x10;

constexpr u32 kCrtcLatch = 0x22, kCrtcAttributeState = 0x24;  // read only, in no manual of IBM's

template <u32 N>
u8 indexed(const u8 (&registers)[N], u8 index) {
  return index < N ? registers[index] : u8{0};
}

}  // namespace

// Those of the CRTC, Input Status 1 and Feature Control are at 3bx or 3dx, as Miscellaneous Output says; at the other
// nobody answers.
u8 Vga::read_port(u32 port) {
  State& s = state_;
  const bool colour = (s.misc & kColourPorts) != 0;
  if ((port & ~0xfu) == (colour ? 0x3b0u : 0x3d0u)) return 0xff;
  switch (port) {
    case 0x3c0: return s.attribute_index;
    case 0x3c1: return indexed(s.attribute, s.attribute_index & 0x1f);
    case 0x3c2: return 0x10;  // Input Status 0: the switch sense says that a colour monitor is there
    case 0x3c3: return s.enable;
    case 0x3c4: return s.sequencer_index;
    case 0x3c5: return indexed(s.sequencer, s.sequencer_index);
    case 0x3c6: return s.pel_mask;
    case 0x3c7: return s.pel_reading ? 3 : 0;
    case 0x3c8: return s.pel_address;
    case 0x3c9: return read_palette();
    case 0x3ca: return s.feature;
    case 0x3cc: return s.misc;
    case 0x3ce: return s.graphics_index;
    case 0x3cf: return indexed(s.graphics, s.graphics_index);
    case 0x3b4:
    case 0x3d4: return s.crtc_index;
    case 0x3b5:
    case 0x3d5:
      if (s.crtc_index == kCrtcLatch) return static_cast<u8>(s.latch >> (8 * (s.graphics[kReadMap] & 3)));
      if (s.crtc_index == kCrtcAttributeState) return s.attribute_data ? 0x80 : 0;
      return indexed(s.crtc, s.crtc_index);
    case 0x3ba:
    case 0x3da:
      s.attribute_data = false;
      return input_status_1();
    default: return 0xff;
  }
}

void Vga::write_port(u32 port, u8 value) {
  State& s = state_;
  const bool colour = (s.misc & kColourPorts) != 0;
  if ((port & ~0xfu) == (colour ? 0x3b0u : 0x3d0u)) return;
  switch (port) {
    case 0x3c0: return write_attribute(value);
    case 0x3c2: s.misc = value & 0xef; break;
    case 0x3c3: s.enable = value & 0x01; break;
    case 0x3c4: s.sequencer_index = value & 0x07; break;
    case 0x3c5:
      if (s.sequencer_index < kSequencerCount) {
        s.sequencer[s.sequencer_index] = value & kSequencerBits[s.sequencer_index];
      }
      break;
    case 0x3c6: s.pel_mask = value; break;
    case 0x3c7:
    case 0x3c8:
      s.pel_address = value;
      s.pel_component = 0;
      s.pel_reading = port == 0x3c7;
      break;
    case 0x3c9: return write_palette(value);
    case 0x3ce: s.graphics_index = value & 0x0f; break;
    case 0x3cf:
      if (s.graphics_index < kGraphicsCount) s.graphics[s.graphics_index] = value & kGraphicsBits[s.graphics_index];
      break;
    case 0x3b4:
    case 0x3d4: s.crtc_index = value & 0x3f; break;
    case 0x3b5:
    case 0x3d5: return write_crtc(value);
    case 0x3ba:
    case 0x3da: s.feature = value & 0x0b; break;
    default: break;
  }
}

// Address and data take turns at one port; reading Input Status 1 makes it the address's.
void Vga::write_attribute(u8 value) {
  State& s = state_;
  if (!s.attribute_data) {
    s.attribute_index = value & 0x3f;
  } else if (const u8 index = s.attribute_index & 0x1f; index < kAttributeCount) {
    // While the display owns the palette, its registers can't be written.
    if (index >= kAttributeMode || !(s.attribute_index & kPaletteOn)) {
      s.attribute[index] = value & kAttributeBits[index];
    }
  }
  s.attribute_data = !s.attribute_data;
}

void Vga::write_crtc(u8 value) {
  State& s = state_;
  const u32 index = s.crtc_index;
  if (index >= kCrtcCount) return;
  static_assert(kFirstProtected == 0);
  if (index <= kLastProtected && (s.crtc[kRetraceEnd] & kProtect)) {
    if (index == kOverflow) s.crtc[index] = static_cast<u8>((s.crtc[index] & ~kLineCompare8) | (value & kLineCompare8));
    return;
  }
  s.crtc[index] = value & kCrtcBits[index];
}

// D0: no picture is being drawn; D3: vertical retrace. D4 and D5, a diagnosis of the video output, are always low.
u8 Vga::input_status_1() const {
  const VgaTiming timing(state_);
  const VgaTiming::Beam beam = timing.beam_at(clock_.now().value);
  return static_cast<u8>((beam.drawing ? 0 : 0x01) | (beam.vertical_retrace ? 0x08 : 0));
}

u8 Vga::read_palette() {
  State& s = state_;
  const u8 value = s.palette[s.pel_address][s.pel_component];
  if (++s.pel_component == 3) {
    s.pel_component = 0;
    ++s.pel_address;
  }
  return value;
}

void Vga::write_palette(u8 value) {
  State& s = state_;
  const u8 bits = (s.dispi[dispi::kEnable] & dispi::kDac8) ? 0xff : 0x3f;
  s.pel_latch[s.pel_component] = value & bits;
  if (++s.pel_component < 3) return;
  for (u32 i = 0; i < 3; ++i) s.palette[s.pel_address][i] = s.pel_latch[i];
  s.pel_component = 0;
  ++s.pel_address;
}

}  // namespace paemu
