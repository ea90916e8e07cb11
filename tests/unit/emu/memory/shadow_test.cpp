// RAM under a ROM.
#include <catch2/catch.hpp>

#include "memory/physical_memory.hpp"

using namespace paemu;

namespace {

using enum PhysicalMemory::Answers;
constexpr GuestPhys kBase{0xc0000}, kRomAt{0xe0000};

struct Bench {
  PhysicalMemory memory{32};
  Bench() {
    memory.cut_hole(GuestPhys{0xa0000}, 0x20000);
    memory.add_shadow(kBase, 0x40000);
    memory.map_rom(kRomAt, std::vector<u8>(0x20000, 0x5a), "firmware");
    REQUIRE(
        memory.insert(DimmSpec{.id = "boot0", .socket = Socket::Boot, .base = GuestPhys{0}, .size = 4 * kMiB}).ok());
  }
  u8 get(GuestPhys a) {
    u8 value = 0;
    REQUIRE(memory.read(a, {&value, 1}));
    return value;
  }
  bool set(GuestPhys a, u8 value) { return memory.write(a, {&value, 1}); }
};

}  // namespace

TEST_CASE("a ROM covers RAM until it is told otherwise; where no image is, it is all ones") {
  Bench b;
  CHECK(b.get(kBase) == 0xff);
  CHECK(b.get(kRomAt) == 0x5a);
  CHECK(b.memory.is_rom(kRomAt));
  CHECK_FALSE(b.set(kRomAt, 1));
  u8 byte = 7;
  b.memory.write_behind(kRomAt, &byte, 1);
  CHECK(b.get(kRomAt) == 0x5a);
}

TEST_CASE("firmware copies itself into the RAM behind it and locks it") {
  Bench b;
  b.memory.set_shadow(kRomAt, 0x4000, kRom, kRam);
  CHECK(b.get(kRomAt) == 0x5a);
  u8 byte = 0x11;
  b.memory.write_behind(kRomAt, &byte, 1);
  CHECK(b.get(kRomAt) == 0x5a);
  b.memory.set_shadow(kRomAt, 0x4000, kRam, kRam);
  CHECK(b.get(kRomAt) == 0x11);
  CHECK_FALSE(b.memory.is_rom(kRomAt));
  CHECK(b.set(kRomAt + 1, 0x22));
  b.memory.set_shadow(kRomAt, 0x4000, kRam, kRom);
  CHECK(b.get(kRomAt + 1) == 0x22);
  CHECK(b.memory.is_rom(kRomAt));
  CHECK_FALSE(b.set(kRomAt + 1, 0x33));
  CHECK(b.get(kRomAt + 0x4000) == 0x5a);  // the next segment is as it was
}

TEST_CASE("what was written behind a ROM is part of the memory's contents") {
  Bench b;
  b.memory.set_shadow(kBase, 0x4000, kRam, kRam);
  REQUIRE(b.set(kBase + 5, 0x77));
  b.memory.set_shadow(kBase, 0x4000, kRom, kRom);
  std::vector<std::pair<u32, u8>> seen;
  b.memory.for_each_touched([&](Pfn frame, const u8* page) { seen.emplace_back(frame.value, page[5]); });
  CHECK(seen == std::vector<std::pair<u32, u8>>{{0xc0, 0x77}});
  const std::vector<u8> page(kPageSize, 0x42);
  CHECK(b.memory.restore_page(Pfn{0xc0}, page));
  CHECK(b.get(kBase) == 0xff);
  b.memory.set_shadow(kBase, 0x4000, kRam, kRom);
  CHECK(b.get(kBase) == 0x42);
  CHECK_FALSE(b.memory.restore_page(Pfn{0xa0}, page));
  CHECK_FALSE(b.memory.restore_page(Pfn{0xffffffff}, page));
}

TEST_CASE("the observer hears of a change of what covers RAM, and of nothing else") {
  struct Observer final : MemoryObserver {
    u32 changes = 0;
    void on_mapping_changed(Pfn, u64) override { ++changes; }
    void on_code_written(GuestPhys, u32) override {}
    void on_dirty_cleared() override {}
  } observer;
  Bench b;
  b.memory.add_observer(observer);
  b.memory.set_shadow(kBase, 0x4000, kRom, kRom);
  CHECK(observer.changes == 0);
  b.memory.set_shadow(kBase, 0x4000, kRam, kRam);
  CHECK(observer.changes == 1);
  b.memory.remove_observer(observer);
}
