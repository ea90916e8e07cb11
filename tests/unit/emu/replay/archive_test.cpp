#include "replay/archive.hpp"

#include <catch2/catch.hpp>

#include "base/fields.hpp"
#include "memory/dimm.hpp"

using namespace paemu;

namespace {

enum class Colour : u8 { Red, Green, kLast = Green };

struct Inner {
  u16 low = 0x1234;
  bool flag = false;
  FIELDS(low, flag)
};

struct Outer {
  u32 number = 0;
  i64 negative = 0;
  Colour colour = Colour::Red;
  Inner inner;
  Inner both[2];
  GuestPhys address;
  std::vector<u32> list;
  std::deque<u8> queue;
  std::string text;
  std::array<u8, 3> bytes{};
  FIELDS(number, negative, colour, inner, both, address, list, queue, text, bytes)
};

struct Picky {
  u8 index = 0;
  bool valid() const { return index < 4; }
  FIELDS(index)
};

Outer sample() {
  Outer o;
  o.number = 7;
  o.negative = -5;
  o.colour = Colour::Green;
  o.both[1].flag = true;
  o.address = GuestPhys{0x100000000};
  o.list = {1, 2, 3};
  o.queue = {9};
  o.text = "dimm1";
  o.bytes = {1, 2, 3};
  return o;
}

}  // namespace

TEST_CASE("what was saved is loaded again field by field") {
  const std::vector<u8> bytes = archive::save(sample());
  Outer loaded;
  REQUIRE(archive::load(bytes, loaded).ok());
  CHECK(loaded.negative == -5);
  CHECK(loaded.both[1].flag);
  CHECK(loaded.address == GuestPhys{0x100000000});
  CHECK(loaded.text == "dimm1");
  CHECK(archive::save(loaded) == bytes);
}

TEST_CASE("a saved state that is cut off anywhere is refused") {
  const std::vector<u8> bytes = archive::save(sample());
  for (usize size = 0; size < bytes.size(); ++size) {
    Outer loaded;
    CHECK_FALSE(archive::load(std::span(bytes).first(size), loaded).ok());
  }
}

TEST_CASE("a saved state with bytes left over is refused") {
  std::vector<u8> bytes = archive::save(sample());
  bytes.push_back(0);
  Outer loaded;
  CHECK(archive::load(bytes, loaded).error().sentence == "1 bytes are left over after the last field");
}

TEST_CASE("an enum, a bool and a struct out of range are refused and named") {
  Outer loaded;
  std::vector<u8> bytes = archive::save(sample());
  bytes[12] = 2;  // colour
  CHECK(archive::load(bytes, loaded).error().sentence == "field \"colour\" is out of range");
  bytes = archive::save(sample());
  bytes[15] = 2;  // inner.flag
  CHECK(archive::load(bytes, loaded).error().sentence == "field \"inner.flag\" is out of range");
  Picky picky;
  const std::vector<u8> four{4};
  CHECK_FALSE(archive::load(four, picky).ok());
}

TEST_CASE("a length beyond the end allocates nothing") {
  std::vector<u8> bytes{0xff, 0xff, 0xff, 0x7f, 1};
  std::vector<u64> list;
  CHECK_FALSE(archive::load(bytes, list).ok());
  CHECK(list.empty());
}

TEST_CASE("a dump names the fields and puts arrays on one line") {
  Inner inner;
  CHECK(archive::dump("inner", inner) == "inner:\n  low: 1234\n  flag: 00\n");
  const u8 three[3] = {1, 2, 255};
  CHECK(archive::dump("three", three) == "three[3]: 01 02 ff\n");
}

TEST_CASE("the schema changes with a field's name and size and not with its value") {
  archive::Schema a, b, c;
  Outer one = sample(), other;
  a.field("x", one);
  b.field("x", other);
  CHECK(a.hash() == b.hash());
  c.field("y", one);
  CHECK(a.hash() != c.hash());
  archive::Schema narrow, wide;
  u8 n = 0;
  u16 w = 0;
  narrow.field("x", n);
  wide.field("x", w);
  CHECK(narrow.hash() != wide.hash());
}
