// The steps of the device fuzzer (tests/fuzz) with bytes of chance: quick, and in every build.
#include <catch2/catch.hpp>

#include "../../../fuzz/device_steps.hpp"

using namespace paemu;

TEST_CASE("devices that are treated at random come to no harm") {
  u32 seed = 5;
  for (u32 n = 0; n < 120; ++n) {
    std::vector<u8> bytes(100 + 3 * n);
    for (u8& byte : bytes) byte = static_cast<u8>((seed = seed * 1664525 + 1013904223) >> 16);
    fuzz::run_devices(bytes);
  }
  SUCCEED();
}
