#include "memory/physical_memory.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

using namespace paemu;

namespace {

DimmSpec boot(u64 base, u64 size, std::string id = "boot0") {
  return DimmSpec{.id = std::move(id), .socket = Socket::Boot, .base = GuestPhys{base}, .size = size};
}

DimmSpec hotplug(u64 base, u64 size, u32 slot, std::string id) {
  return DimmSpec{.id = std::move(id), .socket = Socket::Hotplug, .slot = slot, .base = GuestPhys{base}, .size = size};
}

struct Observer : MemoryObserver {
  std::vector<std::pair<u32, u64>> changed;
  std::vector<std::pair<u64, u32>> code;
  u32 cleared = 0;
  void on_mapping_changed(Pfn first, u64 count) override { changed.emplace_back(first.value, count); }
  void on_code_written(GuestPhys a, u32 size) override { code.emplace_back(a.value, size); }
  void on_dirty_cleared() override { ++cleared; }
};

u64 resident_bytes() {
  std::ifstream f("/proc/self/statm");
  u64 total = 0, resident = 0;
  f >> total >> resident;
  return resident * static_cast<u64>(sysconf(_SC_PAGESIZE));
}

std::vector<u32> touched(const PhysicalMemory& m) {
  std::vector<u32> frames;
  m.for_each_touched([&](Pfn f, u8*) { frames.push_back(f.value); });
  return frames;
}

std::vector<u32> drain(PhysicalMemory& m) {
  std::vector<u32> frames;
  m.drain_dirty([&](Pfn f, u8*) { frames.push_back(f.value); });
  return frames;
}

}  // namespace

TEST_CASE("memory that was never written reads as zeroes, and what was written is read") {
  PhysicalMemory m(36);
  REQUIRE(m.insert(boot(0, 16 * kMiB)).ok());
  u8 bytes[3] = {1, 2, 3}, out[5] = {9, 9, 9, 9, 9};
  CHECK(m.read(GuestPhys{0x1ffe}, out));
  CHECK(out[0] == 0);
  CHECK(m.write(GuestPhys{0x1fff}, bytes));  // crosses a page
  CHECK(m.read(GuestPhys{0x1ffe}, out));
  CHECK(std::vector<u8>(out, out + 5) == std::vector<u8>{0, 1, 2, 3, 0});
}

TEST_CASE("an access that is not all RAM does nothing") {
  PhysicalMemory m(36);
  REQUIRE(m.insert(boot(0, 2 * kMiB)).ok());
  u8 bytes[4] = {1, 1, 1, 1};
  CHECK_FALSE(m.write(GuestPhys{2 * kMiB - 2}, bytes));
  CHECK(touched(m).empty());
  CHECK_FALSE(m.read(GuestPhys{2 * kMiB - 2}, bytes));
  CHECK_FALSE(m.read(GuestPhys{u64{1} << 36}, bytes));
  CHECK_FALSE(m.read(GuestPhys{~u64{0} - 1}, bytes));
  CHECK(m.host_page(GuestPhys{~u64{0}}) == nullptr);
}

TEST_CASE("a hole is no RAM though a DIMM lies around it, and ROM shows in it") {
  PhysicalMemory m(36);
  m.cut_hole(GuestPhys{0xa0000}, 0x60000);
  const std::vector<u8> rom(0x2000, 0x5a);
  m.map_rom(GuestPhys{0xfe000}, rom, "firmware");
  REQUIRE(m.insert(boot(0, 16 * kMiB)).ok());
  CHECK(m.host_page(GuestPhys{0x9ffff}) != nullptr);
  CHECK(m.host_page(GuestPhys{0xa0000}) == nullptr);
  CHECK(m.host_page(GuestPhys{0xfdfff}) == nullptr);
  CHECK(*m.host_page(GuestPhys{0xfe000}) == 0x5a);
  CHECK(m.is_rom(GuestPhys{0xfffff}));
  CHECK_FALSE(m.is_rom(GuestPhys{0x100000}));
  u8 byte = 0;
  CHECK_FALSE(m.write(GuestPhys{0xfe000}, {&byte, 1}));
  CHECK(m.read(GuestPhys{0xfe000}, {&byte, 1}));
  CHECK(byte == 0x5a);
}

TEST_CASE("a DIMM that can't be there is refused with a sentence") {
  PhysicalMemory m(36);
  m.map_rom(GuestPhys{0xfffff000}, std::vector<u8>(0x1000), "firmware");
  REQUIRE(m.insert(boot(0, 1 * kGiB)).ok());
  REQUIRE(m.insert(hotplug(4 * kGiB, 128 * kMiB, 0, "dimm1")).ok());
  const auto refused = [&](const DimmSpec& spec) { return m.insert(spec).error().sentence; };
  CHECK(refused(hotplug(8 * kGiB, 0, 1, "x")) == "DIMM \"x\" has size zero");
  CHECK(refused(hotplug(8 * kGiB + 4096, kMiB, 1, "x")) == "base and size of DIMM \"x\" must be multiples of 1M");
  CHECK(refused(hotplug(8 * kGiB, kGiB, 1, "dimm1")) == "DIMM id \"dimm1\" is in use");
  CHECK(refused(hotplug(8 * kGiB, kGiB, 0, "x")) == "slot 0 holds DIMM \"dimm1\"");
  CHECK(refused(hotplug(4 * kGiB + 64 * kMiB, kGiB, 1, "x")) ==
        "DIMM \"x\" at 0x104000000 overlaps DIMM \"dimm1\" at 0x100000000");
  CHECK(refused(hotplug(63 * kGiB, 2 * kGiB, 1, "x")) ==
        "DIMM \"x\" at 0xfc0000000 reaches beyond the 36-bit physical address space");
  CHECK(refused(hotplug(3 * kGiB, kGiB, 1, "x")) == "DIMM \"x\" at 0xc0000000 overlaps the firmware at 0xfffff000");
  CHECK(m.dimms().size() == 2);
  CHECK(m.remove("x").error().sentence == "there is no DIMM \"x\"");
}

TEST_CASE("removing a DIMM returns its memory to the host at once and tells the observer") {
  PhysicalMemory m(36);
  Observer o;
  m.add_observer(o);
  REQUIRE(m.insert(hotplug(4 * kGiB, 256 * kMiB, 0, "dimm1")).ok());
  const std::vector<u8> page(kPageSize, 1);
  for (u64 a = 0; a < 256 * kMiB; a += kPageSize) REQUIRE(m.write(GuestPhys{4 * kGiB + a}, page));
  const u64 before = resident_bytes();
  REQUIRE(m.remove("dimm1").ok());
  CHECK(before - resident_bytes() > 250 * kMiB);
  CHECK(m.host_page(GuestPhys{4 * kGiB}) == nullptr);
  CHECK(touched(m).empty());
  CHECK(o.changed == std::vector<std::pair<u32, u64>>{{0x100000, 65536}, {0x100000, 65536}});
  // A new one in the same place is empty.
  REQUIRE(m.insert(hotplug(4 * kGiB, 128 * kMiB, 0, "dimm1")).ok());
  CHECK(*m.host_page(GuestPhys{4 * kGiB}) == 0);
  CHECK(m.flags(pfn_of(GuestPhys{4 * kGiB})) == 0);
}

TEST_CASE("a 64 GiB machine costs next to nothing until it is touched") {
  const u64 before = resident_bytes();
  PhysicalMemory m(37);
  REQUIRE(m.insert(boot(0, 3 * kGiB)).ok());
  REQUIRE(m.insert(boot(4 * kGiB, 61 * kGiB, "boot1")).ok());
  const u8 one = 1;
  for (u64 a = 0; a < 3 * kGiB; a += kGiB) REQUIRE(m.write(GuestPhys{a}, {&one, 1}));
  u8 out = 9;
  for (u64 a = 4 * kGiB; a < 65 * kGiB; a += 64 * kMiB) REQUIRE(m.read(GuestPhys{a}, {&out, 1}));
  CHECK(touched(m) == std::vector<u32>{0, 0x40000, 0x80000});
  CHECK(drain(m).size() == 3);
  CHECK(resident_bytes() - before < 16 * kMiB);
}

TEST_CASE("draining gives each dirty frame once, in ascending order, and keeps it touched") {
  PhysicalMemory m(36);
  Observer o;
  m.add_observer(o);
  REQUIRE(m.insert(boot(0, 64 * kMiB)).ok());
  const u8 one = 1;
  for (u64 a : {40 * kMiB, 4 * kKiB, 40 * kMiB, 3 * kMiB}) REQUIRE(m.write(GuestPhys{a}, {&one, 1}));
  m.mark_written(Pfn{7});
  CHECK(drain(m) == std::vector<u32>{1, 7, 768, 10240});
  CHECK(o.cleared == 1);
  CHECK(drain(m).empty());
  REQUIRE(m.write(GuestPhys{4 * kKiB}, {&one, 1}));
  CHECK(drain(m) == std::vector<u32>{1});
  CHECK(touched(m) == std::vector<u32>{1, 7, 768, 10240});
}

TEST_CASE("a device's write to a frame with code is reported") {
  PhysicalMemory m(36);
  Observer o;
  m.add_observer(o);
  REQUIRE(m.insert(boot(0, 16 * kMiB)).ok());
  m.flags(Pfn{2}) |= frame_flag::kHasCode;
  const std::vector<u8> data(8192, 1);
  REQUIRE(m.write(GuestPhys{0x1800}, data));
  CHECK(o.code == std::vector<std::pair<u64, u32>>{{0x2000, 4096}});
}

TEST_CASE("clearing RAM makes it zero and untouched") {
  PhysicalMemory m(36);
  REQUIRE(m.insert(boot(0, 16 * kMiB)).ok());
  const u8 one = 1;
  REQUIRE(m.write(GuestPhys{0x5000}, {&one, 1}));
  m.clear_ram();
  CHECK(*m.host_page(GuestPhys{0x5000}) == 0);
  CHECK(touched(m).empty());
  CHECK(drain(m).empty());
}

TEST_CASE("DIMMs are listed by address, and each change counts") {
  PhysicalMemory m(36);
  const u64 start = m.mapping_generation();
  REQUIRE(m.insert(hotplug(6 * kGiB, kGiB, 0, "b")).ok());
  REQUIRE(m.insert(hotplug(4 * kGiB, kGiB, 1, "a")).ok());
  CHECK(m.dimms()[0]->spec().id == "a");
  CHECK(m.find("b")->spec().base == GuestPhys{6 * kGiB});
  CHECK(m.find("c") == nullptr);
  REQUIRE(m.remove("a").ok());
  CHECK(m.mapping_generation() == start + 3);
}

TEST_CASE("a DIMM that does not fill whole 2 MiB chunks is backed to its last page") {
  PhysicalMemory m(32);
  REQUIRE(m.insert(boot(0, 5 * kMiB)).ok());
  CHECK(m.host_page(GuestPhys{5 * kMiB - 1}) == m.host_page(GuestPhys{0}) + 5 * kMiB - kPageSize);
  CHECK(m.host_page(GuestPhys{5 * kMiB}) == nullptr);
}
