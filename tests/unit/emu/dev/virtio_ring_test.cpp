// Rings: what a driver may do, and what a hostile one tries.
#include <cstring>

#include "dev/virtio_rng.hpp"
#include "virtio_driver.hpp"

using namespace paemu;
using namespace paemu::test;

namespace {

struct Generator {
  VirtioRng rng;
};

struct Bench : Generator, VirtioDriver {
  Bench() : VirtioDriver(rng) {
    start(virtio_feature::kIndirect);
    ChaChaKey key{};
    key[0] = 1;
    rng.seed(key);
  }
  // Offers the chain at descriptor 0 and says what became of it.
  bool broken() {
    offer(0);
    notify();
    return needs_reset();
  }
};

constexpr u64 kBuffer = 0x20000;

}  // namespace

TEST_CASE("a chain of writable buffers is filled in order and given back with what was written") {
  Bench b;
  b.descriptor(0, kBuffer, 8, Bench::kWrite | Bench::kNext, 3);
  b.descriptor(3, kBuffer + 0x1000, 4, Bench::kWrite);
  CHECK_FALSE(b.broken());
  CHECK(b.used_index() == 1);
  CHECK(b.used_size(0) == 12);
  CHECK(b.get(kBuffer, 8) != 0);
  CHECK(b.get(kBuffer + 0x1000, 4) != 0);
  CHECK(b.get(kBuffer + 8, 8) == 0);
  CHECK(b.pin.level);
  CHECK(b.bar4->io_read(0x1000, 1) == 1);
  CHECK_FALSE(b.pin.level);
}

TEST_CASE("an indirect table is a chain of its own") {
  Bench b;
  b.descriptor(0, Bench::kIndirect, 32, Bench::kIsIndirect);
  b.descriptor(0, kBuffer, 16, Bench::kWrite | Bench::kNext, 1, Bench::kIndirect);
  b.descriptor(1, kBuffer + 64, 16, Bench::kWrite, 0, Bench::kIndirect);
  CHECK_FALSE(b.broken());
  CHECK(b.used_size(0) == 32);
}

TEST_CASE("a ring's indices wrap at 65536") {
  Bench b;
  b.descriptor(0, kBuffer, 1, Bench::kWrite);
  for (u32 i = 0; i < 65540; i += Bench::kSize) {
    for (u32 n = 0; n < Bench::kSize; ++n) b.offer(0);
    b.notify();
  }
  CHECK_FALSE(b.needs_reset());
  CHECK(b.used_index() == static_cast<u16>(65544));
}

TEST_CASE("chains that break a rule stop the device until it is reset") {
  Bench b;
  SECTION("a loop of two") {
    b.descriptor(0, kBuffer, 8, Bench::kWrite | Bench::kNext, 1);
    b.descriptor(1, kBuffer, 8, Bench::kWrite | Bench::kNext, 0);
  }
  SECTION("a descriptor that is its own next") { b.descriptor(0, kBuffer, 8, Bench::kWrite | Bench::kNext, 0); }
  SECTION("a next beyond the table") { b.descriptor(0, kBuffer, 8, Bench::kWrite | Bench::kNext, Bench::kSize); }
  SECTION("a readable buffer behind a writable one") {
    b.descriptor(0, kBuffer, 8, Bench::kWrite | Bench::kNext, 1);
    b.descriptor(1, kBuffer, 8, 0);
  }
  SECTION("an indirect table in an indirect table") {
    b.descriptor(0, Bench::kIndirect, 16, Bench::kIsIndirect);
    b.descriptor(0, Bench::kIndirect, 16, Bench::kIsIndirect, 0, Bench::kIndirect);
  }
  SECTION("an indirect table of half a descriptor") { b.descriptor(0, Bench::kIndirect, 24, Bench::kIsIndirect); }
  SECTION("an empty indirect table") { b.descriptor(0, Bench::kIndirect, 0, Bench::kIsIndirect); }
  SECTION("an indirect table of 256 Mi entries") { b.descriptor(0, Bench::kIndirect, ~15u, Bench::kIsIndirect); }
  SECTION("an indirect table that loops") {
    b.descriptor(0, Bench::kIndirect, 16, Bench::kIsIndirect);
    b.descriptor(0, kBuffer, 1, Bench::kWrite | Bench::kNext, 0, Bench::kIndirect);
  }
  SECTION("an indirect table with a next") {
    b.descriptor(0, Bench::kIndirect, 16, Bench::kIsIndirect | Bench::kNext, 1);
  }
  SECTION("a buffer beyond RAM") { b.descriptor(0, Bench::kRam, 8, Bench::kWrite); }
  SECTION("a buffer that leaves RAM") { b.descriptor(0, Bench::kRam - 4, 8, Bench::kWrite); }
  SECTION("a buffer that wraps") { b.descriptor(0, ~u64{0} - 3, 8, Bench::kWrite); }
  SECTION("an indirect table beyond all") { b.descriptor(0, ~u64{15}, 32, Bench::kIsIndirect); }
  CHECK(b.broken());
  CHECK(b.used_index() == 0);
  b.notify();
  CHECK(b.used_index() == 0);
  b.start();
  CHECK_FALSE(b.needs_reset());
  b.descriptor(0, kBuffer, 8, Bench::kWrite);
  CHECK_FALSE(b.broken());
  CHECK(b.used_index() == 1);
}

TEST_CASE("an index that runs away, a head beyond the table and rings outside RAM stop the device") {
  Bench b;
  SECTION("more chains than entries") { b.put(Bench::kAvailable + 2, Bench::kSize + 1, 2); }
  SECTION("a head beyond the table") { b.offer(Bench::kSize); }
  SECTION("rings outside RAM") {
    b.start();
    b.write_common(20, 1, 0);
    b.write_common(20, 1, 3);
    b.write_common(8, 4, 1);
    b.write_common(12, 4, 1);
    b.write_common(20, 1, 11);
    b.write_common(24, 2, Bench::kSize);
    b.write_common(40, 8, ~u64{0});
    b.write_common(28, 2, 1);
    b.write_common(20, 1, 15);
  }
  b.notify();
  CHECK(b.needs_reset());
  CHECK(b.function.msix().pending == 0);
}

TEST_CASE("DMA reaches neither ROM nor a DIMM that is gone, and the device says so") {
  Bench b;
  REQUIRE(b.memory.insert(DimmSpec{.id = "gone", .slot = 1, .base = GuestPhys{64 * kMiB}, .size = kMiB}).ok());
  std::vector<u8> image(kPageSize, 0x55);
  b.memory.map_rom(GuestPhys{128 * kMiB}, image, "test");
  u64 address = 64 * kMiB;
  SECTION("an ejected DIMM") { REQUIRE(b.memory.remove("gone").ok()); }
  SECTION("ROM") { address = 128 * kMiB; }
  b.descriptor(0, address, 64, Bench::kWrite);
  CHECK(b.broken());
  if (address == 128 * kMiB) CHECK(b.get(address, 8) == 0x5555555555555555);
}

TEST_CASE("a used ring in ROM stops the device") {
  Bench b;
  std::vector<u8> image(kPageSize, 0);
  b.memory.map_rom(GuestPhys{128 * kMiB}, image, "test");
  b.function.state().queues[0].used = 128 * kMiB;
  b.descriptor(0, kBuffer, 8, Bench::kWrite);
  CHECK(b.broken());
}

TEST_CASE("with the event index the driver is interrupted when its index is passed, and asked for notifications") {
  Bench b;
  b.start(virtio_feature::kEventIndex);
  constexpr u64 kUsedEvent = Bench::kAvailable + 4 + 2 * Bench::kSize,
                kAvailEvent = Bench::kUsed + 4 + 8 * Bench::kSize;
  b.descriptor(0, kBuffer, 8, Bench::kWrite);
  b.put(kUsedEvent, 1, 2);  // after the second
  b.offer(0);
  b.notify();
  b.bar4->io_read(0x1000, 1);
  const u32 rises = b.pin.rises;  // the first of all may come unasked
  CHECK(b.get(kAvailEvent, 2) == 1);
  b.offer(0);
  b.notify();
  CHECK(b.pin.rises == rises + 1);
  b.bar4->io_read(0x1000, 1);
  b.offer(0);
  b.notify();
  CHECK(b.pin.rises == rises + 1);
  CHECK(b.get(kAvailEvent, 2) == 3);
}

TEST_CASE("random numbers follow from the key, and the ChaCha20 block is that of RFC 8439") {
  // 2.3.2's key with a zero counter and nonce: the key stream of A.1, test vector 1 is that of a zero key.
  const ChaChaBlock zero = chacha20_block(ChaChaKey{}, 0);
  const u8 expected[] = {0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90,
                         0x40, 0x5d, 0x6a, 0xe5, 0x53, 0x86, 0xbd, 0x28};
  CHECK(std::memcmp(zero.data(), expected, sizeof expected) == 0);
  const ChaChaBlock one = chacha20_block(ChaChaKey{}, 1);
  CHECK(one[0] == 0x9f);
  CHECK(one[1] == 0x07);
  Bench a, b;
  for (Bench* bench : {&a, &b}) {
    bench->descriptor(0, kBuffer, 200, Bench::kWrite);
    bench->offer(0);
    bench->notify();
  }
  for (u32 i = 0; i < 200; i += 8) CHECK(a.get(kBuffer + i, 8) == b.get(kBuffer + i, 8));
}

TEST_CASE("a buffer of 4 GiB is filled in part") {
  Bench b;
  b.descriptor(0, kBuffer, ~0u, Bench::kWrite);
  CHECK_FALSE(b.broken());
  CHECK(b.used_size(0) == 4096);
}
