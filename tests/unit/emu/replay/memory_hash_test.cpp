#include "replay/memory_hash.hpp"

#include <catch2/catch.hpp>

using namespace paemu;

namespace {

struct Fixture {
  PhysicalMemory memory{36};
  MemoryHash hash{memory};
  explicit Fixture() { insert("boot0", Socket::Boot, 0, 256 * kMiB); }
  void insert(const std::string& id, Socket socket, u64 base, u64 size) {
    DimmSpec spec;
    spec.id = id;
    spec.socket = socket;
    spec.base = GuestPhys{base};
    spec.size = size;
    REQUIRE(memory.insert(spec).ok());
  }
  void write(u64 address, std::vector<u8> bytes) { REQUIRE(memory.write(GuestPhys{address}, bytes)); }
};

}  // namespace

TEST_CASE("untouched memory and memory written with zeroes have the same hash") {
  Fixture f;
  const u64 untouched = f.hash.update();
  f.write(0x5000, {0, 0, 0});
  CHECK(f.hash.update() == untouched);
  f.write(0x5000, {1});
  CHECK(f.hash.update() != untouched);
  f.write(0x5000, {0});
  CHECK(f.hash.update() == untouched);
}

TEST_CASE("the hash depends on what is where and not on when it was written") {
  Fixture one, other;
  one.write(0x1000, {1});
  one.hash.update();
  one.write(0x2000, {2});
  other.write(0x2000, {2});
  other.write(0x1000, {9});
  other.hash.update();
  other.write(0x1000, {1});
  CHECK(one.hash.update() == other.hash.update());
  Fixture swapped;
  swapped.write(0x1000, {2});
  swapped.write(0x2000, {1});
  CHECK(swapped.hash.update() != one.hash.update());
}

TEST_CASE("a DIMM that goes takes its pages out of the hash, even if one like it comes back at once") {
  Fixture f;
  f.write(0x1000, {1});
  const u64 before = f.hash.update();
  f.insert("dimm1", Socket::Hotplug, 4 * kGiB, 128 * kMiB);
  f.write(4 * kGiB, {7});
  CHECK(f.hash.update() != before);
  REQUIRE(f.memory.remove("dimm1").ok());
  f.insert("dimm1", Socket::Hotplug, 4 * kGiB, 128 * kMiB);
  CHECK(f.hash.update() == before);
  f.write(4 * kGiB, {7});
  f.hash.update();
  f.memory.clear_ram();
  CHECK(f.hash.update() == Fixture().hash.update());
}

TEST_CASE("written pages are listed once, in order, until they are taken") {
  Fixture f;
  f.write(0x3000, {1});
  f.hash.update();
  f.write(0x1000, {1});
  f.write(0x3000, {0});
  f.hash.update();
  const auto pages = f.hash.take_written();
  REQUIRE(pages.size() == 2);
  CHECK(pages[0].frame == 1);
  CHECK(pages[0].hash != 0);
  CHECK(pages[1].frame == 3);
  CHECK(pages[1].hash == 0);
  CHECK(f.hash.take_written().empty());
}
