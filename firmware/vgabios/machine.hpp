// What 16-bit code needs to reach: ports, the ROM's own data, memory in any segment, the caller's registers.
//
// The compiler believes in one flat segment; that is the caller's stack. So: no global variables, no string literals,
// no tables but ROM_DATA read by rom(), and other memory only through far pointers.
#pragma once

#include "base/port_io.hpp"

namespace vgabios {
using namespace base;

#define ROM_DATA __attribute__((section(".romdata")))

// The caller's registers, as entry.S pushes them; what is changed here he gets back.
struct [[gnu::packed]] Registers {
  u16 fs, ds, es;
  union {
    u32 edi;
    u16 di;
  };
  union {
    u32 esi;
    u16 si;
  };
  union {
    u32 ebp;
    u16 bp;
  };
  u32 esp;
  union {
    u32 ebx;
    u16 bx;
    struct {
      u8 bl, bh;
    };
  };
  union {
    u32 edx;
    u16 dx;
    struct {
      u8 dl, dh;
    };
  };
  union {
    u32 ecx;
    u16 cx;
    struct {
      u8 cl, ch;
    };
  };
  union {
    u32 eax;
    u16 ax;
    struct {
      u8 al, ah;
    };
  };
};

// A value of ROM_DATA.
inline u8 rom(const u8& place) {
  u8 value;
  asm("movb %%cs:%1, %0" : "=q"(value) : "m"(place));
  return value;
}
inline u16 rom(const u16& place) {
  u16 value;
  asm("movw %%cs:%1, %0" : "=r"(value) : "m"(place));
  return value;
}
inline char rom(const char& place) {
  char value;
  asm("movb %%cs:%1, %0" : "=q"(value) : "m"(place));
  return value;
}

inline u16 code_segment() {
  u16 segment;
  asm("movw %%cs, %0" : "=r"(segment));
  return segment;
}
// Where ROM_DATA or a function is in the segment.
template <class T>
u16 offset_of(const T& place) {
  return static_cast<u16>(reinterpret_cast<u32>(&place));
}

// Memory in any segment.
struct Far {
  u16 segment, offset;
  Far operator+(u32 bytes) const { return {segment, static_cast<u16>(offset + bytes)}; }
};

inline u8 peek8(Far at) {
  u8 value;
  asm volatile("movw %w1, %%fs\n\tmovb %%fs:(%2), %0" : "=q"(value) : "r"(at.segment), "r"(u32{at.offset}) : "memory");
  return value;
}
inline u16 peek16(Far at) {
  u16 value;
  asm volatile("movw %w1, %%fs\n\tmovw %%fs:(%2), %0" : "=r"(value) : "r"(at.segment), "r"(u32{at.offset}) : "memory");
  return value;
}
inline void poke8(Far at, u8 value) {
  asm volatile("movw %w1, %%fs\n\tmovb %0, %%fs:(%2)" : : "q"(value), "r"(at.segment), "r"(u32{at.offset}) : "memory");
}
inline void poke16(Far at, u16 value) {
  asm volatile("movw %w1, %%fs\n\tmovw %0, %%fs:(%2)" : : "r"(value), "r"(at.segment), "r"(u32{at.offset}) : "memory");
}
inline void poke32(Far at, u32 value) {
  poke16(at, static_cast<u16>(value));
  poke16(at + 2, static_cast<u16>(value >> 16));
}

inline void fill16(Far at, u16 value, u32 words) {
  asm volatile("pushw %%es\n\tmovw %w3, %%es\n\trep stosw\n\tpopw %%es"
               : "+c"(words)
               : "a"(value), "D"(u32{at.offset}), "r"(at.segment)
               : "memory");
}
// Both in one segment.
void copy_bytes(u16 segment, u16 to, u16 from, u16 bytes);
inline void copy(Far to, Far from, u32 bytes) {
  for (u32 i = 0; i < bytes; ++i) poke8(to + i, peek8(from + i));
}

// The BIOS data area, by offset in segment 40 (IBM PS/2 BIOS Interface Technical Reference, "BIOS Data Area").
namespace bda {
inline constexpr u16 kSegment = 0x40;
inline constexpr u16 kEquipment = 0x10, kMode = 0x49, kColumns = 0x4a, kPageSize = 0x4c, kPageStart = 0x4e,
                     kCursors = 0x50, kCursorEnd = 0x60, kCursorStart = 0x61, kPage = 0x62, kCrtcPort = 0x63,
                     kModeSelect = 0x65, kCgaPalette = 0x66, kLastRow = 0x84, kCharacterHeight = 0x85, kInfo = 0x87,
                     kSwitches = 0x88, kOptions = 0x89, kDisplayCode = 0x8a, kSavePointer = 0xa8,
                     kVbeMode = 0xba;  // ours: in the range kept for the display's BIOS
}  // namespace bda
inline u8 get8(u16 offset) { return peek8({bda::kSegment, offset}); }
inline u16 get16(u16 offset) { return peek16({bda::kSegment, offset}); }
inline void set8(u16 offset, u8 value) { poke8({bda::kSegment, offset}, value); }
inline void set16(u16 offset, u16 value) { poke16({bda::kSegment, offset}, value); }

inline Far vector(u8 number) {
  return {peek16({0, static_cast<u16>(number * 4 + 2)}), peek16({0, static_cast<u16>(number * 4)})};
}
inline void set_vector(u8 number, Far to) {
  poke16({0, static_cast<u16>(number * 4)}, to.offset);
  poke16({0, static_cast<u16>(number * 4 + 2)}, to.segment);
}

}  // namespace vgabios

// In entry.S.
extern "C" {
void int10_entry();
void vbe_window_entry();
extern const base::u8 save_pointers[], vbe_protected_mode[], vbe_protected_mode_end[];
}
