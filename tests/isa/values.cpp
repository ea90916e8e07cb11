#include "values.hpp"

#include <cstring>

#include "segments.hpp"

namespace paemu::isa_test {

namespace {

constexpr u32 kSingles[] = {0,          0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000,
                            0x7fc00000, 0x7f800001, 1,          0x807fffff, 0x00800000, 0x7f7fffff,
                            0x40490fdb, 0x4f000000, 0xcf000000, 0x4effffff, 0x3f000000, 0xbfc00000};
constexpr u64 kDoubles[] = {0,
                            0x8000000000000000,
                            0x3ff0000000000000,
                            0xbff0000000000000,
                            0x7ff0000000000000,
                            0xfff0000000000000,
                            0x7ff8000000000000,
                            0x7ff0000000000001,
                            1,
                            0x800fffffffffffff,
                            0x0010000000000000,
                            0x7fefffffffffffff,
                            0x400921fb54442d18,
                            0x41e0000000000000,
                            0xc1e0000000000000,
                            0x41dfffffffc00000,
                            0x3810000000000000,
                            0x36a0000000000001,
                            0x47efffffe0000000,
                            0x3fe0000000000000};
struct Extended {
  u16 exponent;
  u64 fraction;
};
constexpr Extended kExtendeds[] = {{0, 0},
                                   {0x8000, 0},
                                   {0x3fff, 1ull << 63},
                                   {0xbfff, 1ull << 63},
                                   {0x7fff, 1ull << 63},
                                   {0xffff, 1ull << 63},
                                   {0x7fff, 3ull << 62},
                                   {0xffff, 3ull << 62},
                                   {0x7fff, (1ull << 63) | 1},
                                   {0, 1},
                                   {0x8000, 1ull << 62},
                                   {0, 1ull << 63},
                                   {0x4000, 1ull << 62},
                                   {0x7fff, 0},
                                   {0x7fff, 5},
                                   {1, 1ull << 63},
                                   {0x7ffe, ~0ull},
                                   {0x4000, 0xc90fdaa22168c235},
                                   {0x403e, 1ull << 63},
                                   {0xc03e, 1ull << 63},
                                   {0x401e, 0xfffffffe00000000},
                                   {0x3ffe, 1ull << 63},
                                   {0x3fff, 0xc000000000000000},
                                   {0x3f80, 0xffffffffffffffff},
                                   {0x407e, 0xffffff8000000000},
                                   {0x3fbf, 0x8000000000000001},
                                   {0x4002, 0xa000000000000000}};

}  // namespace

// A number for a general register or an immediate: often one on an edge.
u32 Values::number() {
  static constexpr u32 kEdges[] = {0,      1,      2,       0x7f,       0x80,       0xff,       0x100,      0x7fff,
                                   0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 31,
                                   32,     33,     16,      8,          0x99999999, 0x0f0f0f0f};
  switch (dice.below(4)) {
    case 0: return dice.pick(kEdges);
    case 1: return static_cast<u32>(dice.next()) >> dice.below(32);
    default: return static_cast<u32>(dice.next());
  }
}

u32 Values::good_address(u32 size) {
  using namespace layout;
  const u32 at = kData + dice.below(kDataSize - size);
  if (dice.one_in(4)) return kData + 0x1000 - 1 - dice.below(size);
  return size >= 16 && !dice.one_in(16) ? at & ~15u : at;
}

u32 Values::address(u32 size) {
  using namespace layout;
  switch (dice.below(32)) {
    case 0: return kReadOnly + dice.below(kReadOnlySize);
    case 1: return kReadOnly + kReadOnlySize - 1 - dice.below(size);
    case 2: return kReadOnly - 1 - dice.below(size);
    case 3: return kData - 1 - dice.below(size);
    case 4: return number();
    default: return good_address(size);
  }
}

void Values::extended(u8* to) {
  Extended e = dice.pick(kExtendeds);
  switch (dice.below(4)) {
    case 0:
      e.exponent = static_cast<u16>(0x3fff + dice.below(80) - 40);
      e.fraction = dice.next() | 1ull << 63;
      if (dice.one_in(2)) e.exponent |= 0x8000;
      break;
    case 1:
      e.exponent = static_cast<u16>(dice.next());
      e.fraction = dice.next() | (dice.one_in(16) ? 0 : 1ull << 63);
      break;
    default: break;
  }
  std::memcpy(to, &e.fraction, 8);
  std::memcpy(to + 8, &e.exponent, 2);
}

// Fills memory or a register with numbers of one kind.
void Values::fill(u8* to, u32 size) {
  const u32 kind = dice.below(6);
  for (u32 at = 0; at < size;) {
    u8 lane[16];
    u32 width = 8;
    const u64 random = dice.next();
    std::memcpy(lane, &random, 8);
    if (kind == 0 || kind == 1) {
      u32 single = dice.pick(kSingles);
      if (dice.one_in(3)) single = (static_cast<u32>(random) & 0x80ffffff) | (0x3f + dice.below(2)) << 24;
      std::memcpy(lane, &single, width = 4);
    } else if (kind == 2 || kind == 3) {
      u64 number = dice.pick(kDoubles);
      if (dice.one_in(3)) number = (random & 0x801fffffffffffff) | u64{0x3fe + dice.below(4)} << 52;
      std::memcpy(lane, &number, 8);
    } else if (kind == 4) {
      extended(lane);
      width = 10;
    } else if (dice.one_in(2)) {  // decimal digits
      for (u8& b : lane) b = static_cast<u8>(dice.below(10) | dice.below(10) << 4);
    }
    width = width < size - at ? width : size - at;
    std::memcpy(to + at, lane, width);
    at += width;
  }
}

u16 Values::selector() {
  switch (dice.below(16)) {
    case 0: return static_cast<u16>(dice.below(4));
    case 1: return static_cast<u16>(local_selector(static_cast<u32>(local_segments().size()) + dice.below(64)));
    case 2: return dice.one_in(2) ? kUserData : static_cast<u16>(0x80 + dice.below(0x100) * 0x10);
    case 3: return kUserCode;
    case 4: return static_cast<u16>(dice.pick(data_selectors()) & (~3u | dice.below(4)));
    case 5: return static_cast<u16>(dice.pick(code_selectors()) & (~3u | dice.below(4)));
    default: return local_selector(dice.below(static_cast<u32>(local_segments().size())));
  }
}

}  // namespace paemu::isa_test
