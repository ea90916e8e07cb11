#include "vgabios/modes.hpp"

#include "vgabios/cursor.hpp"
#include "vgabios/fonts.hpp"
#include "vgabios/parameters.hpp"
#include "vgabios/registers.hpp"
#include "vgabios/vbe.hpp"

namespace vgabios {

namespace {

// A byte each: model, pages, palette, parameters, segment's high byte.
struct Row {
  u8 model, pages, palette, parameters, segment_high;
};
constexpr u8 kNone = 0xff;
constexpr u8 model(Model m) { return static_cast<u8>(m); }

ROM_DATA const Row kTable[kModes] = {
    {model(Model::Text), 8, kEgaPalette, kText40, 0xb8},     // 00
    {model(Model::Text), 8, kEgaPalette, kText40, 0xb8},     // 01
    {model(Model::Text), 8, kEgaPalette, kText80, 0xb8},     // 02
    {model(Model::Text), 8, kEgaPalette, kText80, 0xb8},     // 03
    {model(Model::Cga4), 1, kCgaPalette, kCga4, 0xb8},       // 04
    {model(Model::Cga4), 1, kCgaPalette, kCga4, 0xb8},       // 05
    {model(Model::Cga2), 1, kCgaPalette, kCga2, 0xb8},       // 06
    {model(Model::Text), 8, kMonoPalette, kMonoText, 0xb0},  // 07
    {kNone, 0, 0, 0, 0},                                     // 08 to 0c: of other machines
    {kNone, 0, 0, 0, 0},
    {kNone, 0, 0, 0, 0},
    {kNone, 0, 0, 0, 0},
    {kNone, 0, 0, 0, 0},
    {model(Model::Planar), 8, kCgaPalette, kPlanar320x200, 0xa0},  // 0d
    {model(Model::Planar), 4, kCgaPalette, kPlanar640x200, 0xa0},  // 0e
    {model(Model::Planar), 2, kMonoPalette, kMono640x350, 0xa0},   // 0f
    {model(Model::Planar), 2, kEgaPalette, kPlanar640x350, 0xa0},  // 10
    {model(Model::Planar), 1, kEgaPalette, kMono640x480, 0xa0},    // 11
    {model(Model::Planar), 1, kEgaPalette, kPlanar640x480, 0xa0},  // 12
    {model(Model::Chain4), 1, kVgaPalette, kChain320x200, 0xa0},   // 13
};

// Options at 40:89: how many lines text modes have; bit 3: leave the palette alone; bit 1: sum to gray.
constexpr u8 kLines200 = 0x80, kLines400 = 0x10, kKeepPalette = 0x08, kGray = 0x02;

u8 text_parameters(u8 parameters) {
  if (parameters != kText40 && parameters != kText80) return parameters;
  const u8 options = get8(bda::kOptions);
  const u8 wide = parameters == kText80 ? 1 : 0;
  if (options & kLines200) return static_cast<u8>(kText40Lines200 + wide);
  return static_cast<u8>((options & kLines400 ? kText40 : kText40Lines350) + wide);
}

void load_registers(const Parameters& p) {
  const u8 misc = rom(p.misc);
  const u16 crtc = misc & 1 ? 0x3d4 : 0x3b4;
  (void)in8(static_cast<u16>(crtc + 6));
  out8(kAttribute, 0);  // the screen is dark until all is set
  write_index(kSequencer, 0, 1);
  for (u8 i = 0; i < 4; ++i) write_index(kSequencer, static_cast<u8>(i + 1), rom(p.sequencer[i]));
  out8(kMiscWrite, misc);
  write_index(kSequencer, 0, 3);
  for (u8 i = 0; i < 9; ++i) write_index(kGraphics, i, rom(p.graphics[i]));
  write_index(crtc, 0x11, 0);  // unlocks registers 0 to 7
  for (u8 i = 0; i < 25; ++i) write_index(crtc, i, rom(p.crtc[i]));
  (void)in8(static_cast<u16>(crtc + 6));
  for (u8 i = 0; i < 20; ++i) {
    out8(kAttribute, i);
    out8(kAttribute, rom(p.attribute[i]));
  }
  out8(kAttribute, 0x14);
  out8(kAttribute, 0);
  set16(bda::kCrtcPort, crtc);
}

void clear_memory(Model model, u16 segment) {
  switch (model) {
    case Model::Text: return fill16({segment, 0}, 0x0720, 0x4000);
    case Model::Cga4:
    case Model::Cga2: return fill16({segment, 0}, 0, 0x2000);
    case Model::Planar: write_index(kSequencer, 2, 0x0f); [[fallthrough]];
    case Model::Chain4: return fill16({segment, 0}, 0, 0x8000);
  }
}

void note_mode(u8 number, const Parameters& p) {
  set8(bda::kMode, number);
  set16(bda::kColumns, rom(p.columns));
  set16(bda::kPageSize, static_cast<u16>(rom(p.page_size[0]) | rom(p.page_size[1]) << 8));
  set16(bda::kPageStart, 0);
  for (u16 page = 0; page < 8; ++page) set16(static_cast<u16>(bda::kCursors + 2 * page), 0);
  set16(bda::kCursorEnd, static_cast<u16>(rom(p.crtc[0x0b]) | rom(p.crtc[0x0a]) << 8));
  set8(bda::kPage, 0);
  set8(bda::kLastRow, rom(p.last_row));
  set16(bda::kCharacterHeight, rom(p.character_height));
  // The CGA's and MDA's control registers, as they would be (modes 0 to 7).
  u8 select = 0x29;
  switch (number) {
    case 0: select = 0x2c; break;
    case 1: select = 0x28; break;
    case 2: select = 0x2d; break;
    case 4: select = 0x2a; break;
    case 5: select = 0x2e; break;
    case 6: select = 0x1e; break;
    default: break;
  }
  set8(bda::kModeSelect, select);
  set8(bda::kCgaPalette, number == 6 ? 0x3f : 0x30);
  const u16 equipment = get16(bda::kEquipment) & static_cast<u16>(~0x30);
  set16(bda::kEquipment, static_cast<u16>(equipment | (number == 7 ? 0x30 : number < 2 ? 0x10 : 0x20)));
}

}  // namespace

bool find_mode(u8 number, Mode& mode) {
  if (number >= kModes) return false;
  const Row& row = kTable[number];
  const u8 found = rom(row.model);
  if (found == kNone) return false;
  mode.model = static_cast<Model>(found);
  mode.pages = rom(row.pages);
  mode.palette = static_cast<PaletteKind>(rom(row.palette));
  mode.parameters = rom(row.parameters);
  mode.segment = static_cast<u16>(rom(row.segment_high) << 8);
  return true;
}

bool present_mode(Mode& mode) { return get16(bda::kVbeMode) == 0 && find_mode(get8(bda::kMode), mode); }

void set_mode(u8 number) {
  const bool keep = number & 0x80;
  number &= 0x7f;
  Mode mode;
  if (!find_mode(number, mode)) return;
  leave_vbe();
  const u8 info = get8(bda::kInfo);
  set8(bda::kInfo, static_cast<u8>((info & 0x7f) | (keep ? 0x80 : 0)));
  const u8 set = text_parameters(mode.parameters);
  const Parameters& p = kParameters[set];
  load_registers(p);
  note_mode(number, p);
  if (!(get8(bda::kOptions) & kKeepPalette)) {
    load_palette(set == kText40Lines200 || set == kText80Lines200 ? kCgaPalette : mode.palette);
    if (get8(bda::kOptions) & kGray) sum_to_gray(0, 256);
  }
  if (!keep) clear_memory(mode.model, mode.segment);
  if (mode.model == Model::Text) {
    load_font(font_of_height(rom(p.character_height)), 0);
  }
  use_graphics_font(font_of_height(rom(p.character_height)));
  (void)in8(status_port());
  out8(kAttribute, kDisplayOn);
}

}  // namespace vgabios
