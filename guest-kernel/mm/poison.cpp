#include "mm/poison.hpp"

#include "arch/kmap.hpp"
#include "lib/print.hpp"
#include "lib/string.hpp"

namespace ido {
namespace {

constexpr u8 kPattern = 0xaa;

// The first byte that differs, or `size`.
u32 first_difference(const u8* bytes, u32 size) {
  u32 i = 0;
  constexpr u32 kWord = kPattern * 0x01010101u;
  for (u32 word; i + sizeof word <= size; i += sizeof word) {
    memcpy(&word, bytes + i, sizeof word);
    if (word != kWord) break;
  }
  while (i < size && bytes[i] == kPattern) ++i;
  return i;
}

}  // namespace

bool poison_is_on;

void poison(void* bytes, u32 size) { memset(bytes, kPattern, size); }

bool is_poisoned(const void* bytes, u32 size) {
  return size > 0 && first_difference(static_cast<const u8*>(bytes), size) == size;
}

void check_poison(const void* bytes, u32 size, const char* what) {
  const auto* start = static_cast<const u8*>(bytes);
  const u32 at = first_difference(start, size);
  if (at < size) panic("a free object of slab '%s' was written to: byte %02x at %p", what, start[at], start + at);
}

void poison_frame(Page* page) {
  const Kmap map(frame_of(page));
  poison(map.bytes(), kPageSize);
  page->flags |= page_flag::kPoisoned;
}

void check_frame(Page* page) {
  if (!(page->flags & page_flag::kPoisoned)) return;
  const Kmap map(frame_of(page));
  const u32 at = first_difference(map.bytes(), kPageSize);
  if (at < kPageSize)
    panic("free frame 0x%x was written to: byte %02x at offset 0x%x", frame_of(page).value, map.bytes()[at], at);
}

}  // namespace ido
