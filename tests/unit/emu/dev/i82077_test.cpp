// The floppy controller with the DMA controller beside it, as a BIOS drives them (82077AA and 8237A data sheets).
#include "dev/i82077.hpp"

#include <catch2/catch.hpp>

#include "../replay/memory_medium.hpp"
#include "dev/i8237.hpp"
#include "fixture.hpp"

namespace paemu {
namespace {

struct Floppy {
  explicit Floppy(u64 sectors = 2880)
      : store(sectors), drive("floppy0", &store), memory(32), dma(memory), fdc(time.events, time.clock, dma) {
    DimmSpec dimm;
    dimm.id = "boot0", dimm.socket = Socket::Boot, dimm.size = 16 * kMiB;
    REQUIRE(memory.insert(dimm).ok());
    drive.insert(MediumSpec{1, sectors, false, "floppy"});
    for (usize i = 0; i < store.medium.bytes.size(); ++i) store.medium.bytes[i] = static_cast<u8>(i / 512 + i);
    fdc.attach(0, drive);
    fdc.irq.connect(irq, 6);
    fdc.reset();
    dma.second_ports().io_write(0x1e, 1, 0);  // channel 4 carries the first controller
    out(2, 0x1c);                             // motor 0, DMA, no reset
    pass();
    for (u32 i = 0; i < 4; ++i) CHECK(command({0x08}, 2)[0] == (0xc0 | i));
    command({0x03, 0xdf, 0x02}, 0);
    fdc.change_port().io_write(0, 1, sectors == 1440 ? 2 : 0);
  }
  void pass() { time.pass(1'000'000'000); }
  void out(u32 reg, u8 v) { fdc.io_write(reg, 1, v); }
  u8 in(u32 reg) { return static_cast<u8>(fdc.io_read(reg, 1)); }
  std::vector<u8> command(const std::vector<u8>& bytes, usize results) {
    for (const u8 b : bytes) {
      REQUIRE((in(4) & 0xc0) == 0x80);
      out(5, b);
    }
    pass();
    std::vector<u8> got;
    while ((in(4) & 0xd0) == 0xd0 && got.size() < 16) got.push_back(in(5));
    CHECK(got.size() == results);
    return got;
  }
  void seek(u8 cylinder) {
    command({0x0f, 0x00, cylinder}, 0);
    CHECK(irq.level);
    CHECK(command({0x08}, 2) == std::vector<u8>{0x20, cylinder});
  }
  // Channel 2: `mode` 0x46 to memory, 0x4a from it.
  void set_up(u8 mode, u32 address, u32 size) {
    IoDevice& p = dma.first_ports();
    p.io_write(12, 1, 0), p.io_write(11, 1, mode);
    p.io_write(4, 1, address & 0xff), p.io_write(4, 1, address >> 8 & 0xff);
    dma.page_ports().io_write(0, 1, address >> 16);
    p.io_write(5, 1, (size - 1) & 0xff), p.io_write(5, 1, (size - 1) >> 8 & 0xff);
    p.io_write(10, 1, 2);
  }
  std::vector<u8> ram(u32 address, usize size) {
    std::vector<u8> bytes(size);
    CHECK(memory.read(GuestPhys{address}, bytes));
    return bytes;
  }
  std::vector<u8> sectors(u64 first, u64 count) const {
    const auto begin = store.medium.bytes.begin() + static_cast<std::ptrdiff_t>(first * 512);
    return {begin, begin + static_cast<std::ptrdiff_t>(count * 512)};
  }
  test::Time time;
  test::OneMedium store;
  Drive drive;
  PhysicalMemory memory;
  I8237 dma;
  I82077 fdc;
  test::Pin irq;
};

}  // namespace

TEST_CASE("READ DATA moves sectors by DMA across heads until the terminal count") {
  Floppy f;
  f.seek(2);
  f.set_up(0x46, 0x12000, 512 * 20);
  const std::vector<u8> result = f.command({0xe6, 0x00, 2, 0, 1, 2, 18, 0x1b, 0xff}, 7);
  CHECK((result[0] & 0xc0) == 0);
  CHECK(f.ram(0x12000, 512 * 20) == f.sectors(2 * 36, 20));
  CHECK((f.dma.first_ports().io_read(8, 1) & 4) == 4);
}

TEST_CASE("WRITE DATA reaches the medium, and not one that is protected") {
  Floppy f;
  f.seek(0);
  const std::vector<u8> data(1024, 0x5a);
  REQUIRE(f.memory.write(GuestPhys{0x8000}, data));
  f.set_up(0x4a, 0x8000, 1024);
  CHECK((f.command({0xc5, 0x00, 0, 0, 3, 2, 18, 0x1b, 0xff}, 7)[0] & 0xc0) == 0);
  CHECK(f.sectors(2, 2) == data);
  f.drive.insert(MediumSpec{1, 2880, true, "protected"});
  CHECK(f.command({0xc5, 0x00, 0, 0, 3, 2, 18, 0x1b, 0xff}, 7)[1] == 0x02);
}

TEST_CASE("the end of the track without a terminal count is told, though the data are there") {
  Floppy f;
  f.seek(0);
  f.set_up(0x46, 0x10000, 0x8000);
  const std::vector<u8> result = f.command({0x66, 0x00, 0, 0, 17, 2, 18, 0x1b, 0xff}, 7);
  CHECK((result[0] & 0xc0) == 0x40);
  CHECK(result[1] == 0x80);
  CHECK(f.ram(0x10000, 1024) == f.sectors(16, 2));
}

TEST_CASE("without a diskette, at a wrong rate or on a wrong cylinder nothing is found") {
  Floppy f;
  f.seek(0);
  f.set_up(0x46, 0x10000, 512);
  CHECK(f.command({0x66, 0x00, 5, 0, 1, 2, 18, 0x1b, 0xff}, 7)[2] == 0x10);
  f.fdc.change_port().io_write(0, 1, 2);
  CHECK(f.command({0x4a, 0x00}, 7)[1] == 0x01);
  f.fdc.change_port().io_write(0, 1, 0);
  CHECK((f.command({0x4a, 0x00}, 7)[0] & 0xc0) == 0);
  f.drive.eject();
  CHECK(f.command({0x66, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff}, 7)[1] == 0x01);
}

TEST_CASE("a change of diskettes shows until the heads step with one in") {
  Floppy f;
  f.seek(1);
  CHECK(f.fdc.change_port().io_read(0, 1) == 0x00);
  f.drive.eject();
  f.seek(0);
  CHECK(f.fdc.change_port().io_read(0, 1) == 0x80);
  f.drive.insert(MediumSpec{1, 2880, false, "floppy"});
  f.seek(1);
  CHECK(f.fdc.change_port().io_read(0, 1) == 0x00);
}

TEST_CASE("a masked channel is an overrun, and an error of the host a data error") {
  Floppy f;
  f.seek(0);
  f.dma.first_ports().io_write(10, 1, 6);
  CHECK(f.command({0x66, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff}, 7)[1] == 0x10);
  f.set_up(0x46, 0x10000, 512);
  f.store.medium.failing_sector = 0;
  CHECK(f.command({0x66, 0x00, 0, 0, 1, 2, 18, 0x1b, 0xff}, 7)[1] == 0x20);
}

TEST_CASE("without DMA the host takes each byte of a sector") {
  Floppy f;
  f.seek(0);
  f.command({0x03, 0xdf, 0x03}, 0);
  for (const u8 b : {0x66, 0x00, 0, 0, 4, 2, 4, 0x1b, 0xff}) f.out(5, static_cast<u8>(b));
  f.pass();
  CHECK(f.irq.level);
  std::vector<u8> got;
  while ((f.in(4) & 0xf0) == 0xf0) got.push_back(f.in(5));
  CHECK(got == f.sectors(3, 1));
  CHECK(f.in(5) == 0x40);
}

TEST_CASE("a 720 KiB diskette has nine sectors a track, and a track can be formatted") {
  Floppy f(1440);
  f.seek(79);
  f.set_up(0x46, 0x10000, 512 * 18);
  CHECK((f.command({0xe6, 0x00, 79, 0, 1, 2, 9, 0x1b, 0xff}, 7)[0] & 0xc0) == 0);
  CHECK(f.ram(0x10000, 512 * 18) == f.sectors(79 * 18, 18));
  std::vector<u8> ids;
  for (u8 s = 1; s <= 9; ++s) ids.insert(ids.end(), {79, 1, s, 2});
  REQUIRE(f.memory.write(GuestPhys{0x8000}, ids));
  f.set_up(0x4a, 0x8000, 36);
  f.command({0x4d, 0x04, 2, 9, 0x50, 0xf6}, 7);
  CHECK(f.sectors(79 * 18 + 9, 9) == std::vector<u8>(9 * 512, 0xf6));
}

TEST_CASE("invalid commands and a missing drive are told") {
  Floppy f;
  CHECK(f.command({0x1f}, 1) == std::vector<u8>{0x80});
  CHECK(f.command({0x08}, 1) == std::vector<u8>{0x80});
  CHECK(f.command({0x10}, 1) == std::vector<u8>{0x90});
  f.command({0x07, 0x01}, 0);
  CHECK((f.command({0x08}, 2)[0] & 0x70) == 0x70);
}

TEST_CASE("DMA wraps within its page, counts down in either direction, and starts anew by itself") {
  Floppy f;
  const std::vector<u8> data{1, 2, 3, 4};
  f.set_up(0x56, 0x1fffe, 4);
  CHECK(f.dma.to_memory(2, data).terminal_count);
  CHECK(f.ram(0x1fffe, 2) == std::vector<u8>{1, 2});
  CHECK(f.ram(0x10000, 2) == std::vector<u8>{3, 4});
  CHECK(f.dma.to_memory(2, data).bytes == 4);
  f.set_up(0x66, 0x20003, 4);
  f.dma.to_memory(2, data);
  CHECK(f.ram(0x20000, 4) == std::vector<u8>{4, 3, 2, 1});
  CHECK(f.dma.to_memory(2, data).bytes == 0);
  f.set_up(0x46, 0xff0000, 4);
  CHECK(f.dma.to_memory(2, data).bytes == 4);
}

TEST_CASE("DMA that is set up the other way, is off, or leads to memory that is gone moves nothing") {
  Floppy f;
  const std::vector<u8> data{1, 2, 3, 4};
  f.set_up(0x4a, 0x8000, 4);
  CHECK(f.dma.to_memory(2, data).bytes == 0);
  f.set_up(0x46, 0x8000, 4);
  f.dma.first_ports().io_write(8, 1, 0x04);
  CHECK(f.dma.to_memory(2, data).bytes == 0);
  f.dma.first_ports().io_write(8, 1, 0x00);
  CHECK(f.ram(0x8000, 4) == std::vector<u8>(4));
  REQUIRE(f.memory.remove("boot0").ok());
  CHECK(f.dma.to_memory(2, data).bytes == 4);  // the bus has nobody who would say so
}

TEST_CASE("a reset forgets CONFIGURE unless it is locked, and interrupts only while polling is on") {
  Floppy f;
  const auto reset = [&f] {
    f.out(2, 0x18);
    f.out(2, 0x1c);
    f.pass();
  };
  f.command({0x13, 0x00, 0x17, 0x05}, 0);
  CHECK(f.command({0x94}, 1) == std::vector<u8>{0x10});
  reset();
  CHECK_FALSE(f.irq.level);
  CHECK(f.command({0x08}, 1) == std::vector<u8>{0x80});
  CHECK(f.command({0x0e}, 10)[8] == 0x17);
  CHECK(f.command({0x14}, 1) == std::vector<u8>{0x00});
  reset();
  CHECK(f.irq.level);
  for (u32 i = 0; i < 4; ++i) f.command({0x08}, 2);
  CHECK(f.command({0x0e}, 10)[8] == 0x00);
}

TEST_CASE("READ TRACK begins at sector 1, and VERIFY counts its sectors where it is asked to") {
  Floppy f;
  f.seek(0);
  f.set_up(0x46, 0x10000, 512 * 3);
  CHECK((f.command({0x42, 0x00, 0, 0, 5, 2, 18, 0x1b, 0xff}, 7)[0] & 0xc0) == 0);
  CHECK(f.ram(0x10000, 512 * 3) == f.sectors(0, 3));
  f.store.medium.failing_sector = 4;
  CHECK((f.command({0x56, 0x80, 0, 0, 1, 2, 18, 0x1b, 4}, 7)[0] & 0xc0) == 0);
  CHECK((f.command({0x56, 0x80, 0, 0, 1, 2, 18, 0x1b, 5}, 7)[0] & 0xc0) == 0x40);
}

}  // namespace paemu
