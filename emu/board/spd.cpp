#include "board/spd.hpp"

#include <string_view>

namespace paemu {

namespace {

// Ranks, and the chips that they are made of.
struct Geometry {
  u32 ranks;
  u32 density;  // 0: 256 Mbit, and so on by powers of two
  u32 width;    // 0: 4 bits, and so on by powers of two
};

constexpr u32 kMostRanks = 4, kMostDensity = 6, kMostWidth = 3;

// Byte 4 and 7: a rank has density / 8 * 64 / width bytes.
u64 size_of(const Geometry& g) { return g.ranks * ((u64{32} * kMiB) << g.density) * (16u >> g.width); }

// The largest that is not larger than `size`; among equals the one with fewest ranks, then with the usual 8 bits.
std::optional<Geometry> geometry_of(u64 size) {
  std::optional<Geometry> best;
  for (u32 ranks = 1; ranks <= kMostRanks; ++ranks) {
    for (u32 width : {1u, 2u, 0u, kMostWidth}) {
      for (u32 density = 0; density <= kMostDensity; ++density) {
        const Geometry g{ranks, density, width};
        if (size_of(g) <= size && (!best || size_of(g) > size_of(*best))) best = g;
      }
    }
  }
  return best;
}

// Bytes 126 and 127: CRC-16 with the polynomial x^16 + x^12 + x^5 + 1 over the bytes before byte 117.
u16 crc16(const std::array<u8, 256>& bytes, u32 count) {
  u32 crc = 0;
  for (u32 i = 0; i < count; ++i) {
    crc ^= u32{bytes[i]} << 8;
    for (u32 bit = 0; bit < 8; ++bit) crc = crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1;
  }
  return static_cast<u16>(crc);
}

// DDR3-1066F, 7-7-7-20. Times in units of 125 ps.
constexpr u8 kTimings[] = {
    15,          // 12: tCKmin, 1.875 ns
    0,           //
    0x1c, 0x00,  // 14: CAS latencies 6, 7, 8
    105,         // 16: tAAmin, 13.125 ns
    120,         // 17: tWRmin, 15 ns
    105,         // 18: tRCDmin
    60,          // 19: tRRDmin, 7.5 ns
    105,         // 20: tRPmin
    0x11,        // 21: upper nibbles of tRCmin and tRASmin
    0x2c,        // 22: tRASmin, 37.5 ns
    0x95,        // 23: tRCmin, 50.625 ns
    0x00, 0x00,  // 24: tRFCmin, by density
    60,          // 26: tWTRmin
    60,          // 27: tRTPmin
    0x01, 0x2c,  // 28: tFAWmin, 37.5 ns
};
// tRFCmin by density: 90 ns to 350 ns.
constexpr u16 kRefresh[kMostDensity + 1] = {720, 720, 880, 1280, 2400, 2800, 2800};

}  // namespace

std::optional<std::array<u8, 256>> spd_of(u64 size, u32 serial) {
  constexpr u32 kCovered = 117;  // by the CRC
  constexpr std::string_view kPartNumber = "paemu DIMM        ";
  static_assert(kPartNumber.size() == 18);
  const std::optional<Geometry> g = geometry_of(size);
  if (!g) return std::nullopt;
  std::array<u8, 256> spd{};
  spd[0] = 0x92;                         // CRC over bytes 0 to 116; 256 bytes, 176 in use
  spd[1] = 0x10;                         // revision 1.0
  spd[2] = 0x0b;                         // DDR3
  spd[3] = 0x02;                         // unbuffered DIMM
  spd[4] = static_cast<u8>(g->density);  // 8 banks
  spd[5] = 3 << 3 | 1;                   // 15 row and 10 column addresses
  spd[7] = static_cast<u8>((g->ranks - 1) << 3 | g->width);
  spd[8] = 3;                // 64 bits, no ECC
  spd[9] = 0x11;             // fine time base: 1 ps
  spd[10] = 1, spd[11] = 8;  // medium time base: 125 ps
  for (u32 i = 0; i < sizeof(kTimings); ++i) spd[12 + i] = kTimings[i];
  spd[24] = static_cast<u8>(kRefresh[g->density]), spd[25] = static_cast<u8>(kRefresh[g->density] >> 8);
  spd[60] = 0x0f;  // 30 mm high
  spd[61] = 0x11;  // 1 to 2 mm thick, front and back
  for (u32 i = 0; i < 4; ++i) spd[122 + i] = static_cast<u8>(serial >> (24 - 8 * i));
  const u16 crc = crc16(spd, kCovered);
  spd[126] = static_cast<u8>(crc), spd[127] = static_cast<u8>(crc >> 8);
  for (u32 i = 0; i < kPartNumber.size(); ++i) spd[128 + i] = static_cast<u8>(kPartNumber[i]);
  return spd;
}

}  // namespace paemu
