// Sizes as people type them.
#include "base/size_text.hpp"

#include <catch2/catch.hpp>

using namespace base;

TEST_CASE("a size is a number and at most one suffix") {
  CHECK(parse_size("512M").value() == 512 * kMiB);
  CHECK(parse_size("1g").value() == kGiB);
  CHECK(parse_size("2T").value() == 2048 * kGiB);
  CHECK(parse_size("0x1000").value() == 4096);
  CHECK(parse_size("64", kMiB).value() == 64 * kMiB);
  CHECK(parse_size("64B", kMiB).value() == 64);
  CHECK(parse_size("18446744073709551615").value() == ~u64{0});
  for (const char* bad :
       {"", "M", "-1", "1.5G", "1GB", "12Q", "0x", "18446744073709551616", "99999999999T", " 1", "1 "})
    CHECK_FALSE(parse_size(bad).ok());
}

TEST_CASE("sizes are printed in the largest unit that is exact") {
  CHECK(size_text(512 * kMiB) == "512M");
  CHECK(size_text(1536 * kKiB) == "1536K");
  CHECK(size_text(0) == "0");
  CHECK(size_text(1000) == "1000");
  CHECK(parse_size(size_text(~u64{0})).value() == ~u64{0});
}
