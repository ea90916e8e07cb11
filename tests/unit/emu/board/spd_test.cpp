#include "board/spd.hpp"

#include <catch2/catch.hpp>

using namespace paemu;

namespace {

// The size as readers of DDR3's SPD work it out (bytes 4, 7 and 8).
u64 size_read(const std::array<u8, 256>& spd) {
  const u64 chip = (u64{32} * kMiB) << (spd[4] & 15);
  return chip * (8u << (spd[8] & 7)) / (4u << (spd[7] & 7)) * ((spd[7] >> 3) + 1u);
}

}  // namespace

TEST_CASE("SPD says how large a DIMM is, as near as DDR3 can") {
  for (u64 size : {64 * kMiB, 128 * kMiB, 384 * kMiB, 512 * kMiB, kGiB, 3 * kGiB, 6 * kGiB, 32 * kGiB, 96 * kGiB})
    CHECK(size_read(*spd_of(size, 1)) == size);
  CHECK(size_read(*spd_of(5 * kGiB, 1)) == 4 * kGiB);
  CHECK(size_read(*spd_of(57 * kGiB, 1)) == 48 * kGiB);
  CHECK(size_read(*spd_of(1024 * kGiB, 1)) == 128 * kGiB);
  CHECK_FALSE(spd_of(63 * kMiB, 1));
}

TEST_CASE("SPD is DDR3's, with a serial number and the CRC over its first 117 bytes") {
  const std::array<u8, 256> spd = *spd_of(kGiB, 0x01020304);
  CHECK(spd[2] == 0x0b);
  CHECK(spd[122] == 1);
  CHECK(spd[125] == 4);
  u32 crc = 0;
  for (u32 i = 0; i < 117; ++i)
    for (u32 bit = 8; bit-- > 0;) {
      const bool feed = ((crc >> 15) ^ (spd[i] >> bit)) & 1;
      crc = (crc << 1 & 0xffff) ^ (feed ? 0x1021 : 0);
    }
  CHECK((spd[126] | spd[127] << 8) == static_cast<int>(crc));
}
