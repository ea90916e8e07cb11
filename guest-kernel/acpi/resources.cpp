#include "acpi/resources.hpp"

namespace ido::acpi {

namespace {

// Large item names (6.4.3) and the end tag.
constexpr u8 kLarge = 0x80, kMemory32 = 0x85, kFixedMemory32 = 0x86, kDword = 0x87, kWord = 0x88, kQword = 0x8a;
constexpr u8 kEndTag = 0x0f;
constexpr u8 kMemoryType = 0;

u64 number(const u8* p, u32 bytes) {
  u64 value = 0;
  for (u32 i = 0; i < bytes; ++i) value |= static_cast<u64>(p[i]) << (8 * i);
  return value;
}

// An item's memory range, if it is one. body: behind tag and length.
bool memory_of(u8 tag, const u8* body, u32 length, MemoryResource& found) {
  // Address space descriptors: type, flags, type flags, then granularity, minimum, maximum, translation, length.
  const u32 width = tag == kQword ? 8 : tag == kDword ? 4 : tag == kWord ? 2 : 0;
  if (width != 0 && length >= 3 + 5 * width && body[0] == kMemoryType) {
    found.base = number(body + 3 + width, width);
    found.size = number(body + 3 + 4 * width, width);
    return true;
  }
  if (tag == kFixedMemory32 && length >= 9) {
    found = {number(body + 1, 4), number(body + 5, 4)};
    return true;
  }
  if (tag == kMemory32 && length >= 17) {
    found = {number(body + 1, 4), number(body + 13, 4)};
    return true;
  }
  return false;
}

}  // namespace

bool next_memory(const Bytes& resources, u32& at, MemoryResource& found) {
  while (at < resources.size) {
    const u8 tag = resources.data[at];
    u32 head = 1;
    u32 length = tag & 7;
    if (tag & kLarge) {
      if (resources.size - at < 3) return false;
      head = 3;
      length = static_cast<u32>(number(resources.data + at + 1, 2));
    } else if (((tag >> 3) & 15) == kEndTag) {
      return false;
    }
    if (length > resources.size - at - head) return false;
    const u8* body = resources.data + at + head;
    at += head + length;
    if ((tag & kLarge) && memory_of(tag, body, length, found) && found.size != 0 &&
        found.base + found.size > found.base) {
      return true;
    }
  }
  return false;
}

}  // namespace ido::acpi
