// The disk: requests, and what makes no sense.
#include "dev/virtio_blk.hpp"

#include "../replay/memory_medium.hpp"
#include "virtio_driver.hpp"

using namespace paemu;
using namespace paemu::test;

namespace {

constexpr u64 kHeader = 0x30000, kData = 0x40000, kStatus = 0x38000;

struct Bench {
  OneMedium store;
  Drive drive{"disk", &store};
  VirtioBlk disk;
  VirtioDriver d;

  explicit Bench(bool read_only = false) : store(64, read_only), disk((insert(read_only), drive), "PM00001"), d(disk) {
    d.start();
  }
  void insert(bool read_only) { drive.insert({.number = 1, .sectors = 64, .read_only = read_only, .name = "d"}); }

  // A request with one buffer of data -> its status; 0xaa: none came.
  u8 request(u32 type, u64 sector, u32 size, u16 data_flags) {
    d.put(kHeader, type, 4);
    d.put(kHeader + 8, sector, 8);
    d.put(kStatus, 0xaa, 1);
    d.descriptor(0, kHeader, 16, VirtioDriver::kNext, 1);
    d.descriptor(1, kData, size, static_cast<u16>(data_flags | VirtioDriver::kNext), 2);
    d.descriptor(2, kStatus, 1, VirtioDriver::kWrite);
    d.offer(0);
    d.notify();
    return static_cast<u8>(d.get(kStatus, 1));
  }
};

}  // namespace

TEST_CASE("virtio-blk: what is written is read, and the driver hears how much") {
  Bench b;
  CHECK(b.d.bar4->io_read(0x2000, 8) == 64);
  b.d.put(kData, 0x1122334455667788, 8);
  CHECK(b.request(1, 5, 1024, 0) == 0);
  CHECK(b.store.medium.bytes[5 * 512] == 0x88);
  CHECK(b.d.used_size(0) == 1);
  b.d.put(kData, 0, 8);
  CHECK(b.request(0, 5, 1024, VirtioDriver::kWrite) == 0);
  CHECK(b.d.get(kData, 8) == 0x1122334455667788);
  CHECK(b.d.used_size(1) == 1025);
}

TEST_CASE("virtio-blk: flush, identity, discard and zeroes") {
  Bench b;
  CHECK(b.request(4, 0, 0, 0) == 0);
  CHECK(b.store.medium.flushes == 1);
  b.store.medium.flush_fails = true;
  CHECK(b.request(4, 0, 0, 0) == 1);
  CHECK(b.request(8, 0, 20, VirtioDriver::kWrite) == 0);
  CHECK(b.d.get(kData, 8) == 0x31303030304d50);  // "PM00001"
  for (const u32 type : {11u, 13u}) {
    std::fill(b.store.medium.bytes.begin(), b.store.medium.bytes.end(), u8{7});
    b.d.put(kData, 3, 8);
    b.d.put(kData + 8, 2, 8);
    CHECK(b.request(type, 0, 16, 0) == 0);
    CHECK(b.store.medium.bytes[3 * 512] == 0);
    CHECK(b.store.medium.bytes[5 * 512] == 7);
  }
  b.d.put(kData + 12, 1, 4);  // unmap goes with zeroes only
  CHECK(b.request(13, 0, 16, 0) == 0);
  CHECK(b.request(11, 0, 16, 0) == 2);
  b.d.put(kData + 12, 0, 4);
  CHECK(b.request(11, 0, 8, 0) == 1);   // half a range
  CHECK(b.request(11, 0, 32, 0) == 1);  // two: one is all that is offered
  b.d.put(kData, ~u64{0}, 8);
  b.d.put(kData + 8, ~u32{0}, 8);
  CHECK(b.request(11, 0, 16, 0) == 1);
}

TEST_CASE("virtio-blk: errors of the host and requests that make no sense are I/O errors, and the device goes on") {
  Bench b;
  b.store.medium.failing_sector = 9;
  CHECK(b.request(0, 8, 1024, VirtioDriver::kWrite) == 1);
  CHECK(b.request(1, 9, 512, 0) == 1);
  CHECK(b.request(0, 64, 512, VirtioDriver::kWrite) == 1);  // beyond the end
  CHECK(b.request(0, ~u64{0}, 512, VirtioDriver::kWrite) == 1);
  CHECK(b.request(0, 0, 100, VirtioDriver::kWrite) == 1);  // not a multiple of a sector
  CHECK(b.request(0, 0, 0xfffffe00, VirtioDriver::kWrite) == 1);
  CHECK(b.request(99, 0, 512, 0) == 2);
  CHECK(b.request(0, 0, 512, VirtioDriver::kWrite) == 0);
  CHECK_FALSE(b.d.needs_reset());
}

TEST_CASE("virtio-blk: a disk that is read-only says so and is not written") {
  Bench b(true);
  CHECK((b.d.read_common(4, 4) & 1u << 5) != 0);
  CHECK(b.request(1, 0, 512, 0) == 1);
  CHECK(b.request(0, 0, 512, VirtioDriver::kWrite) == 0);
}

TEST_CASE("virtio-blk: a request without header or status stops the device") {
  Bench b;
  b.d.descriptor(0, kHeader, 8, VirtioDriver::kNext, 1);
  b.d.descriptor(1, kStatus, 1, VirtioDriver::kWrite);
  SECTION("half a header") {}
  SECTION("no status") { b.d.descriptor(0, kHeader, 16, 0); }
  SECTION("data that is no RAM") {
    b.d.put(kHeader, 0, 8);
    b.d.put(kHeader + 8, 0, 8);
    b.d.descriptor(0, kHeader, 16, VirtioDriver::kNext, 1);
    b.d.descriptor(1, VirtioDriver::kRam, 512, VirtioDriver::kWrite | VirtioDriver::kNext, 2);
    b.d.descriptor(2, kStatus, 1, VirtioDriver::kWrite);
  }
  b.d.offer(0);
  b.d.notify();
  CHECK(b.d.needs_reset());
}
