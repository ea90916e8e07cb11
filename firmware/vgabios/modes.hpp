// The VGA's modes: which there are, and setting one.
#pragma once

#include "vgabios/machine.hpp"

namespace vgabios {

enum class Model : u8 { Text, Cga4, Cga2, Planar, Chain4 };

// The video parameter table's entry (IBM PS/2 BIOS Interface Technical Reference): what a program finds through the
// save pointer, and what set_mode() loads.
struct Parameters {
  u8 columns, last_row, character_height;
  u8 page_size[2];
  u8 sequencer[4];  // registers 1 to 4
  u8 misc;
  u8 crtc[25];
  u8 attribute[20];
  u8 graphics[9];
};
static_assert(sizeof(Parameters) == 64);

enum PaletteKind : u8 { kMonoPalette, kCgaPalette, kEgaPalette, kVgaPalette };

struct Mode {
  Model model;
  u8 pages;
  PaletteKind palette;
  u8 parameters;  // in the parameter table, for 400 lines where there is a choice
  u16 segment;
};

inline constexpr u8 kModes = 0x14;

// False: there is no such mode.
bool find_mode(u8 number, Mode& mode);
// The present one. False: it is a VBE mode.
bool present_mode(Mode& mode);

// number: bit 7 keeps the memory's contents.
void set_mode(u8 number);
void load_palette(PaletteKind kind);
void sum_to_gray(u8 first, u16 count);

// Columns, rows less 1 and page size as the BIOS data area has them.
inline u16 columns() { return get16(bda::kColumns); }
inline u8 last_row() { return get8(bda::kLastRow); }
inline u16 character_height() { return get16(bda::kCharacterHeight); }

}  // namespace vgabios
