// A disk on its controller, driven through the ports as a driver does it (ATA/ATAPI-6; PIIX3 data sheet).
#include "dev/ata_disk.hpp"

#include <catch2/catch.hpp>

#include "ide_fixture.hpp"

namespace paemu {
namespace {

using test::Ide;

struct Disk : Ide {
  explicit Disk(u64 sectors = 4096) : Ide(sectors), disk("ata0", drive, "SERIAL", time.events, time.clock) {
    ide.attach(0, 0, disk);
    power_on();
  }
  std::vector<u8> content(u64 sector, u64 count = 1) const {
    return medium_bytes(sector * kSectorSize, count * kSectorSize);
  }
  AtaDisk disk;
};

std::string text(const std::vector<u8>& identify, u32 word, u32 words) {
  std::string s;
  for (u32 i = 0; i < 2 * words; ++i) s += static_cast<char>(identify[2 * word + (i ^ 1)]);
  return s;
}

}  // namespace

TEST_CASE("after a reset a disk shows its signature and is ready") {
  Disk d;
  CHECK(d.in(ata::kError) == 0x01);
  CHECK(d.in(ata::kCount) == 1);
  CHECK(d.in(ata::kLbaLow) == 1);
  CHECK(d.in(ata::kLbaMid) == 0);
  CHECK(d.in(ata::kLbaHigh) == 0);
  CHECK(d.in(ata::kStatus) == 0x50);
  d.out_control(0x04);
  CHECK(d.in(ata::kStatus) == 0x80);
  d.out_control(0x00);
  CHECK(d.in(ata::kStatus) == 0x80);
  d.pass();
  CHECK(d.in(ata::kStatus) == 0x50);
}

TEST_CASE("the ports are dead until software opens them") {
  Disk d;
  d.ide.config_write(0x40, 2, 0);
  CHECK(d.in(ata::kStatus) == 0xff);
}

TEST_CASE("IDENTIFY DEVICE tells size, name and what is on, and its sum is zero") {
  Disk d(20'000'000);
  d.command(0xec);
  CHECK(d.in(ata::kStatus) == 0x58);
  const std::vector<u8> id = d.read_data(512);
  const auto word = [&id](u32 w) { return id[2 * w] | u32{id[2 * w + 1]} << 8; };
  CHECK(word(1) == 16383);
  CHECK((word(60) | word(61) << 16) == 20'000'000);
  CHECK((word(100) | word(101) << 16) == 20'000'000);
  CHECK(text(id, 10, 10) == "SERIAL              ");
  u8 sum = 0;
  for (const u8 b : id) sum = static_cast<u8>(sum + b);
  CHECK(sum == 0);
  CHECK(d.in(ata::kStatus) == 0x50);
}

TEST_CASE("READ SECTORS interrupts once a sector, and moves them by words and dwords") {
  Disk d;
  for (u32 i = 0; i < 1024; ++i) d.medium_byte(10 * kSectorSize + i) = static_cast<u8>(i * 7);
  d.address(10, 2);
  d.command(0x20);
  CHECK(d.irq0.rises == 1);
  CHECK(d.in(ata::kStatus) == 0x58);
  std::vector<u8> got = d.read_data(512);
  d.pass();
  CHECK(d.irq0.rises == 2);
  CHECK(d.in(ata::kStatus) == 0x58);
  const std::vector<u8> second = d.read_data(512, 4);
  got.insert(got.end(), second.begin(), second.end());
  CHECK(got == d.content(10, 2));
  CHECK(d.in(ata::kStatus) == 0x50);
  CHECK(d.irq0.rises == 2);
}

TEST_CASE("WRITE SECTORS takes the first one without an interrupt, and reports the end by one") {
  Disk d;
  const std::vector<u8> a(512, 0x11), b(512, 0x22);
  d.address(4095 - 1, 2);
  d.command(0x30);
  CHECK(d.irq0.rises == 0);
  CHECK((d.in(ata::kStatus)&0x88) == 0x08);
  d.write_data(a);
  CHECK(d.in_alternate() == 0xd0);
  d.pass();
  CHECK(d.irq0.rises == 1);
  CHECK(d.in(ata::kStatus) == 0x58);
  d.write_data(b);
  d.pass();
  CHECK(d.irq0.rises == 2);
  CHECK(d.in(ata::kStatus) == 0x50);
  CHECK(d.content(4094) == a);
  CHECK(d.content(4095) == b);
}

TEST_CASE("READ MULTIPLE needs SET MULTIPLE MODE, then moves a block an interrupt") {
  Disk d;
  d.address(0, 5);
  d.command(0xc4);
  CHECK(d.in(ata::kStatus) == 0x51);
  CHECK(d.in(ata::kError) == ata::kAborted);
  d.out(ata::kCount, 3);
  d.command(0xc6);
  CHECK((d.in(ata::kStatus)&1) == 1);
  d.out(ata::kCount, 4);
  d.command(0xc6);
  CHECK(d.in(ata::kStatus) == 0x50);
  d.irq0.rises = 0;
  d.address(0, 5);
  d.command(0xc4);
  CHECK(d.in(ata::kStatus) == 0x58);
  d.read_data(4 * 512);
  d.pass();
  d.read_data(512);
  CHECK(d.irq0.rises == 2);
  CHECK(d.in(ata::kStatus) == 0x50);
}

TEST_CASE("addresses beyond the disk and in no track are IDNF") {
  Disk d;
  d.address(4095, 2);
  d.command(0x20);
  CHECK(d.in(ata::kError) == ata::kIdNotFound);
  d.out(ata::kDevice, 0xa0);  // CHS, sector 0 of track 1
  d.out(ata::kLbaLow, 0);
  d.out(ata::kLbaMid, 1);
  d.out(ata::kLbaHigh, 0);
  d.command(0x20);
  CHECK(d.in(ata::kError) == ata::kIdNotFound);
}

TEST_CASE("CHS follows INITIALIZE DEVICE PARAMETERS") {
  Disk d;
  d.medium_byte((3 * 4 * 8 + 2 * 8 + 4) * 512) = 0x99;
  d.out(ata::kCount, 8);
  d.out(ata::kDevice, 0xa3);  // 4 heads
  d.command(0x91);
  d.out(ata::kCount, 1);
  d.out(ata::kLbaLow, 5);
  d.out(ata::kLbaMid, 3);
  d.out(ata::kLbaHigh, 0);
  d.out(ata::kDevice, 0xa2);
  d.command(0x20);
  CHECK(d.read_data(512)[0] == 0x99);
}

TEST_CASE("48-bit commands take two writes of each register, and HOB shows the older") {
  Disk d(u64{1} << 30);
  d.ide_store.medium.bytes.resize(4096 * 512);  // only the start is really there
  d.wide_address((u64{1} << 30) - 1, 2);
  d.command(0x24);
  CHECK(d.in(ata::kError) == ata::kIdNotFound);
  d.wide_address(7, 1);
  d.medium_byte(7 * 512) = 0x77;
  d.command(0x24);
  CHECK(d.read_data(512)[0] == 0x77);
  d.out(ata::kCount, 0x12);
  d.out(ata::kCount, 0x34);
  CHECK(d.in(ata::kCount) == 0x34);
  d.out_control(0x80);
  CHECK(d.in(ata::kCount) == 0x12);
}

TEST_CASE("DMA goes through regions of any size, both ways") {
  Disk d;
  for (u32 i = 0; i < 200 * 512; ++i) d.medium_byte(i) = static_cast<u8>(i >> 9 ^ i);
  d.descriptors({{0x10000, 512}, {0x20ffe, 2}, {0x30000, 0xfffe}, {0x50000, 200 * 512 - 512 - 2 - 0xfffe}});
  d.address(0, 200);
  d.dma(0xc8, true);
  CHECK(d.in_bus_master(2) == 0x04);
  CHECK(d.in(ata::kStatus) == 0x50);
  CHECK(d.ram(0x10000, 512) == d.content(0));
  CHECK(d.ram(0x20ffe, 2) == d.medium_bytes(512, 2));
  CHECK(d.ram(0x30000, 0xfffe) == d.medium_bytes(514, 0xfffe));
  d.address(1000, 200);
  d.dma(0xca, false);
  CHECK(d.content(1000, 200) == d.content(0, 200));
}

TEST_CASE("a table that ends early stops the bus master, and one that goes on leaves it active") {
  Disk d;
  d.descriptors({{0x10000, 512}});
  d.address(0, 2);
  d.dma(0xc8, true);
  CHECK((d.in_bus_master(2) & 5) == 0);
  CHECK((d.in_alternate() & 0x08) != 0);
  d.out_control(4);
  d.out_control(0);
  d.pass();
  d.descriptors({{0x10000, 4096}});
  d.address(0, 2);
  d.dma(0xc8, true);
  CHECK((d.in_bus_master(2) & 7) == 5);
}

TEST_CASE("DMA to ROM, to nothing, or by a table that is nowhere is contained and told as an error") {
  Disk d;
  d.descriptors({{0xf0000000, 0}, {0x10000, 512}});
  d.address(0, 129);
  d.dma(0xc8, true);
  CHECK((d.in_bus_master(2) & 2) != 0);
  CHECK((d.in(ata::kStatus)&0x80) == 0);
  Disk gone;
  REQUIRE(gone.memory.remove("boot0").ok());
  gone.address(0, 1);
  gone.dma(0xc8, true);
  CHECK((gone.in_bus_master(2) & 2) != 0);
  Disk e;
  e.out_bus_master32(4, 0xfffffff8);
  e.address(0, 1);
  e.dma(0xc8, true);
  CHECK((e.in_bus_master(2) & 3) == 2);
}

TEST_CASE("errors of the host are UNC with the first bad sector, and ABRT when writing") {
  Disk d;
  d.ide_store.medium.failing_sector = 102;
  d.descriptors({{0x10000, 0x8000}});
  d.address(100, 8);
  d.dma(0xc8, true);
  CHECK(d.in(ata::kStatus) == 0x51);
  CHECK(d.in(ata::kError) == ata::kUncorrectable);
  CHECK(d.in(ata::kLbaLow) == 102);
  d.address(102, 1);
  d.command(0x30);
  d.write_data(std::vector<u8>(512));
  d.pass();
  CHECK(d.in(ata::kError) == ata::kAborted);
  d.ide_store.medium.flush_fails = true;
  d.command(0xe7);
  CHECK(d.in(ata::kStatus) == 0x51);
}

TEST_CASE("FLUSH CACHE reaches the medium, and without a write cache every write does") {
  Disk d;
  d.command(0xe7);
  CHECK(d.ide_store.medium.flushes == 1);
  d.out(ata::kFeatures, 0x82);
  d.command(0xef);
  d.address(0, 1);
  d.command(0x30);
  d.write_data(std::vector<u8>(512));
  d.pass();
  CHECK(d.ide_store.medium.flushes == 2);
}

TEST_CASE("TRIM makes its ranges zero") {
  Disk d;
  for (u32 i = 0; i < 20 * 512; ++i) d.medium_byte(i) = 1;
  std::vector<u8> ranges(512);
  ranges[0] = 3, ranges[6] = 5;
  d.put_ram(0x10000, ranges);
  d.descriptors({{0x10000, 512}});
  d.out(ata::kFeatures, 1);
  d.out(ata::kCount, 0);
  d.out(ata::kCount, 1);
  d.dma(0x06, false);
  CHECK(d.in(ata::kStatus) == 0x50);
  CHECK(d.content(2) == std::vector<u8>(512, 1));
  CHECK(d.content(3, 5) == std::vector<u8>(5 * 512));
  CHECK(d.content(8) == std::vector<u8>(512, 1));
}

TEST_CASE("nIEN keeps the interrupt back, and reading the status takes it away") {
  Disk d;
  d.out_control(2);
  d.command(0xec);
  CHECK(!d.irq0.level);
  d.out_control(0);
  CHECK(d.irq0.level);
  (void)d.in_alternate();
  CHECK(d.irq0.level);
  (void)d.in(ata::kStatus);
  CHECK(!d.irq0.level);
}

TEST_CASE("a lone device 0 answers for device 1 with a status of zero") {
  Disk d;
  d.out(ata::kDevice, 0xb0);
  CHECK(d.in(ata::kStatus) == 0);
  d.out(ata::kCommand, 0xec);
  d.pass();
  CHECK(d.irq0.rises == 0);
}

TEST_CASE("power, security and SMART commands do as little as they may") {
  Disk d;
  d.command(0xe0);
  d.command(0xe5);
  CHECK(d.in(ata::kCount) == 0);
  d.command(0xe1);
  d.command(0xe5);
  CHECK(d.in(ata::kCount) == 0xff);
  d.command(0xf1);
  CHECK(d.in(ata::kStatus) == 0x51);
  d.out(ata::kFeatures, 0xda), d.out(ata::kLbaMid, 0x4f), d.out(ata::kLbaHigh, 0xc2);
  d.command(0xb0);
  CHECK(d.in(ata::kStatus) == 0x50);
  CHECK(d.in(ata::kLbaMid) == 0x4f);
  const auto smart = [&d](u8 which) {
    d.out(ata::kFeatures, which);
    d.command(0xb0);
    return d.in(ata::kStatus);
  };
  CHECK(smart(0xd9) == 0x50);  // off: but for switching it on, all is refused
  CHECK(smart(0xda) == 0x51);
  CHECK(smart(0xd8) == 0x50);
  CHECK(smart(0xda) == 0x50);
}

TEST_CASE("a count of zero is 256 sectors, or 65536 of the 48-bit commands") {
  Disk d(65536);
  const auto verify = [&d](u8 command) {
    d.command(command);
    for (u32 n = 0; n < 100 && (d.in_alternate() & 0x80) != 0; ++n) d.pass();
    return d.in(ata::kStatus);
  };
  d.ide_store.medium.failing_sector = 255;
  d.address(0, 0);
  CHECK(verify(0x40) == 0x51);
  d.ide_store.medium.failing_sector = 256;
  d.address(0, 0);
  CHECK(verify(0x40) == 0x50);
  d.ide_store.medium.failing_sector = 65535;
  d.wide_address(0, 0);
  CHECK(verify(0x42) == 0x51);
}

TEST_CASE("the bus master keeps that there was an interrupt until it is cleared, and notes only the next one") {
  Disk d;
  d.command(0xec);
  CHECK(d.irq0.level);
  CHECK(d.in_bus_master(2) == 0x04);
  d.bus_master().io_write(2, 1, 0x04);
  d.out(ata::kDevice, 0xe0);  // the level is looked at again
  CHECK(d.in_bus_master(2) == 0x00);
  (void)d.in(ata::kStatus);
  d.read_data(512);
  d.command(0xec);
  CHECK(d.in_bus_master(2) == 0x04);
}

}  // namespace paemu
