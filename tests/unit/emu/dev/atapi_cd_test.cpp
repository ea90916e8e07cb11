// A CD drive on its controller, by packets (MMC-3) over PIO and DMA.
#include "dev/atapi_cd.hpp"

#include <catch2/catch.hpp>

#include "ide_fixture.hpp"

namespace paemu {
namespace {

struct Cd : test::Ide {
  Cd() : Ide(400), cd("ata0", drive, "SERIAL", time.events, time.clock) {
    for (u32 i = 0; i < 400 * kSectorSize; ++i) medium_byte(i) = static_cast<u8>(i * 13 >> 3);
    ide.attach(0, 0, cd);
    power_on();
  }
  // Sends a packet; the answer starts to come, or it is over.
  void send(std::vector<u8> packet, u16 limit = 0xfffe, u8 features = 0) {
    packet.resize(12);
    out(ata::kFeatures, features);
    out(ata::kLbaMid, static_cast<u8>(limit)), out(ata::kLbaHigh, static_cast<u8>(limit >> 8));
    command(0xa0);
    REQUIRE(in(ata::kCount) == 1);
    write_data(packet);
    pass();
  }
  // All that the answer has, burst by burst.
  std::vector<u8> answer() {
    std::vector<u8> all;
    while ((in_alternate() & 0x08) != 0) {
      const u32 size = in(ata::kLbaMid) | in(ata::kLbaHigh) << 8;
      bursts.push_back(size);
      std::vector<u8> some = read_data(size);
      some.resize(size);
      all.insert(all.end(), some.begin(), some.end());
      pass();
    }
    return all;
  }
  // The sense key and code of the last command, which failed.
  std::pair<u8, u8> sense() {
    REQUIRE((in(ata::kStatus)&1) == 1);
    send({0x03, 0, 0, 0, 18});
    const std::vector<u8> s = answer();
    return {static_cast<u8>(s.at(2)), static_cast<u8>(s.at(12))};
  }
  void settle() {
    send({0x00});  // the unit attention of power-on
    (void)sense();
  }
  AtapiCd cd;
  std::vector<u32> bursts;
};

using Sense = std::pair<u8, u8>;

}  // namespace

TEST_CASE("a CD drive has its own signature, and IDENTIFY DEVICE shows it") {
  Cd c;
  CHECK(c.in(ata::kLbaMid) == 0x14);
  CHECK(c.in(ata::kLbaHigh) == 0xeb);
  CHECK(c.in(ata::kStatus) == 0x00);
  c.command(0xec);
  CHECK((c.in(ata::kStatus)&1) == 1);
  CHECK(c.in(ata::kLbaMid) == 0x14);
  c.command(0xa1);
  CHECK(c.read_data(512)[1] == 0x85);
}

TEST_CASE("the first command after power-on tells of it, INQUIRY does not") {
  Cd c;
  c.send({0x12, 0, 0, 0, 36});
  const std::vector<u8> inquiry = c.answer();
  REQUIRE(inquiry.size() == 36);
  CHECK(inquiry[0] == 0x05);
  CHECK(inquiry[1] == 0x80);
  c.send({0x00});
  CHECK(c.sense() == Sense{6, 0x29});
  c.send({0x00});
  CHECK(c.in(ata::kStatus) == 0x50);
  CHECK(c.in(ata::kCount) == 3);
}

TEST_CASE("READ CAPACITY and the table of contents tell the disc's size") {
  Cd c;
  c.settle();
  c.send({0x25});
  CHECK(c.answer() == std::vector<u8>{0, 0, 0, 99, 0, 0, 8, 0});
  c.send({0x43, 0, 0, 0, 0, 0, 0, 0, 100});
  CHECK(c.answer() == std::vector<u8>{0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14, 0xaa, 0, 0, 0, 0, 100});
  c.send({0x43, 2, 0, 0, 0, 0, 0xaa, 0, 12});
  const std::vector<u8> msf = c.answer();
  CHECK(std::vector<u8>(msf.begin() + 8, msf.end()) == std::vector<u8>{0, 0, 3, 25});
}

TEST_CASE("READ (10) by PIO comes in bursts of the byte count that the host gave") {
  Cd c;
  c.settle();
  c.bursts.clear();
  c.send({0x28, 0, 0, 0, 0, 10, 0, 0, 40}, 4096);
  CHECK(c.answer() == c.medium_bytes(10 * 2048, 40 * 2048));
  CHECK(c.bursts.front() == 4096);
  CHECK(c.in(ata::kStatus) == 0x50);
  c.bursts.clear();
  c.send({0x28, 0, 0, 0, 0, 0, 0, 0, 1}, 999);
  CHECK(c.answer() == c.medium_bytes(0, 2048));
  CHECK(c.bursts == std::vector<u32>{998, 998, 52});
}

TEST_CASE("READ (12) by DMA fills the regions") {
  Cd c;
  c.settle();
  c.descriptors({{0x10000, 0x8000}, {0x20000, 0}});
  c.bus_master().io_write(0, 1, 9);
  c.send({0xa8, 0, 0, 0, 0, 5, 0, 0, 0, 40}, 0, 1);
  CHECK(c.in(ata::kStatus) == 0x50);
  CHECK(c.ram(0x10000, 0x8000) == c.medium_bytes(5 * 2048, 0x8000));
  CHECK(c.ram(0x20000, 40 * 2048 - 0x8000) == c.medium_bytes(5 * 2048 + 0x8000, 40 * 2048 - 0x8000));
}

TEST_CASE("READ CD brings whole sectors with their address") {
  Cd c;
  c.settle();
  c.send({0xbe, 0, 0, 0, 0, 3, 0, 0, 2, 0xf8});
  const std::vector<u8> raw = c.answer();
  REQUIRE(raw.size() == 2 * 2352);
  CHECK(std::vector<u8>(raw.begin() + 12, raw.begin() + 16) == std::vector<u8>{0, 2, 3, 1});
  CHECK(std::equal(raw.begin() + 16, raw.begin() + 16 + 2048, c.medium_bytes(3 * 2048, 2048).begin()));
}

TEST_CASE("what lies beyond the disc, and commands that are not there, are illegal requests") {
  Cd c;
  c.settle();
  c.send({0x28, 0, 0, 0, 0, 99, 0, 0, 2});
  CHECK(c.sense() == Sense{5, 0x21});
  c.send({0xff});
  CHECK(c.sense() == Sense{5, 0x20});
  c.send({0x28, 0, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff});
  CHECK(c.sense() == Sense{5, 0x21});
}

TEST_CASE("an error of the host is a medium error") {
  Cd c;
  c.settle();
  c.ide_store.medium.failing_sector = 41;
  c.send({0x28, 0, 0, 0, 0, 10, 0, 0, 1});
  CHECK(c.sense() == Sense{3, 0x11});
}

TEST_CASE("a changed disc is a unit attention and an event, a missing one not ready") {
  Cd c;
  c.settle();
  c.drive.eject();
  c.send({0x00});
  CHECK(c.sense() == Sense{2, 0x3a});
  c.drive.insert(MediumSpec{1, 40, true, "other"});
  c.send({0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8});
  CHECK(c.answer() == std::vector<u8>{0, 6, 4, 0x10, 2, 2, 0, 0});
  c.send({0x25});
  CHECK(c.sense() == Sense{6, 0x28});
  c.send({0x25});
  CHECK(c.answer().at(3) == 9);
}

TEST_CASE("a locked door stays shut for the guest, and the button is an event") {
  Cd c;
  c.settle();
  c.send({0x1e, 0, 0, 0, 1});
  CHECK(c.drive.state().locked);
  c.send({0x1b, 0, 0, 0, 2});
  CHECK(c.sense() == Sense{5, 0x53});
  c.drive.request_eject();
  c.send({0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8});
  CHECK(c.answer().at(4) == 1);
  c.send({0x1e});
  c.send({0x1b, 0, 0, 0, 2});
  CHECK(c.drive.state().open);
  c.send({0x00});
  CHECK(c.sense() == Sense{2, 0x3a});
  c.send({0x1b, 0, 0, 0, 3});
  CHECK(!c.drive.state().open);
}

TEST_CASE("DEVICE RESET stops a transfer and keeps the selection") {
  Cd c;
  c.settle();
  c.send({0x28, 0, 0, 0, 0, 0, 0, 0, 4}, 2048);
  c.out(ata::kCommand, 0x08);
  c.pass();
  CHECK(c.in(ata::kStatus) == 0x00);
  CHECK(c.in(ata::kLbaHigh) == 0xeb);
}

TEST_CASE("mode pages and features have the lengths that they tell") {
  Cd c;
  c.settle();
  c.send({0x5a, 0, 0x3f, 0, 0, 0, 0, 1, 0});
  const std::vector<u8> mode = c.answer();
  CHECK(mode.size() == 2u + mode[1]);
  c.send({0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 8});
  CHECK(c.answer().size() == 8);
  c.send({0x46, 0, 0, 0, 0, 0, 0, 1, 0});
  const std::vector<u8> features = c.answer();
  CHECK(features.size() == 4u + features[3]);
  CHECK(features[7] == 8);  // a CD-ROM
}

}  // namespace paemu
