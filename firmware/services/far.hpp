// Memory outside the services' own segment. All ordinary pointers are offsets in that segment; FS is free for the rest,
// since the compiler never uses it.
#pragma once

#include "base/types.hpp"

namespace services {
using namespace base;

struct Far {
  u16 segment;
  u16 offset;

  // The same address with an offset below 16, from where nearly 64 KiB can be reached.
  Far normal() const {
    return {static_cast<u16>(segment + (offset >> 4)), static_cast<u16>(offset & 15)};
  }
  u32 linear() const { return (static_cast<u32>(segment) << 4) + offset; }
  Far operator+(u32 bytes) const {
    const u32 at = (offset & 15u) + bytes;
    return {static_cast<u16>(segment + (offset >> 4) + (at >> 4)), static_cast<u16>(at & 15)};
  }
};

inline u8 far_read8(u16 segment, u16 offset) {
  u8 value;
  asm volatile("movw %w1, %%fs\n\tmovb %%fs:(%2), %0" : "=q"(value) : "r"(segment), "r"(u32{offset}));
  return value;
}
inline u16 far_read16(u16 segment, u16 offset) {
  u16 value;
  asm volatile("movw %w1, %%fs\n\tmovw %%fs:(%2), %0" : "=r"(value) : "r"(segment), "r"(u32{offset}));
  return value;
}
inline u32 far_read32(u16 segment, u16 offset) {
  u32 value;
  asm volatile("movw %w1, %%fs\n\tmovl %%fs:(%2), %0" : "=r"(value) : "r"(segment), "r"(u32{offset}));
  return value;
}
inline void far_write8(u16 segment, u16 offset, u8 value) {
  asm volatile("movw %w0, %%fs\n\tmovb %1, %%fs:(%2)" : : "r"(segment), "q"(value), "r"(u32{offset}) : "memory");
}
inline void far_write16(u16 segment, u16 offset, u16 value) {
  asm volatile("movw %w0, %%fs\n\tmovw %1, %%fs:(%2)" : : "r"(segment), "r"(value), "r"(u32{offset}) : "memory");
}
inline void far_write32(u16 segment, u16 offset, u32 value) {
  asm volatile("movw %w0, %%fs\n\tmovl %1, %%fs:(%2)" : : "r"(segment), "r"(value), "r"(u32{offset}) : "memory");
}

// `count` bytes between our segment and any other. Offsets wrap at 64 KiB, as the processor's do with 16-bit addresses.
void copy_to_far(Far to, const void* from, u32 count);
void copy_from_far(void* to, Far from, u32 count);

// The BIOS data area.
inline u8 bda8(u16 offset) { return far_read8(0x40, offset); }
inline u16 bda16(u16 offset) { return far_read16(0x40, offset); }
inline u32 bda32(u16 offset) { return far_read32(0x40, offset); }
inline void set_bda8(u16 offset, u8 value) { far_write8(0x40, offset, value); }
inline void set_bda16(u16 offset, u16 value) { far_write16(0x40, offset, value); }
inline void set_bda32(u16 offset, u32 value) { far_write32(0x40, offset, value); }

}  // namespace services
