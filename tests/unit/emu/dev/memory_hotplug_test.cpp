#include "dev/memory_hotplug.hpp"

#include <catch2/catch.hpp>

#include "fixture.hpp"

using namespace paemu;
using namespace paemu::test;
namespace reg = abi::memory_hotplug;

namespace {

struct Bench {
  struct Ost {
    u32 slot, source, status;
    bool operator==(const Ost&) const = default;
  };
  std::vector<u32> ejected;
  std::vector<Ost> reported;
  MemoryHotplug chip{4,
                     {.eject = [this](u32 slot) { ejected.push_back(slot); },
                      .ost =
                          [this](u32 slot, u32 source, u32 status) {
                            reported.push_back({slot, source, status});
                          }}};
  Pin gpe;
  Bench() { chip.gpe.connect(gpe, 3); }
  u32 get(u32 at, u32 size = 4) { return static_cast<u32>(chip.io_read(at, size)); }
  void set(u32 at, u32 value, u32 size = 4) { chip.io_write(at, size, value); }
};

}  // namespace

TEST_CASE("memory hotplug: a slot shows what was plugged in, and the event pulses") {
  Bench b;
  b.chip.insert(2, 0x1'4000'0000, 0x2000'0000, 1, MemoryHotplug::Event::Notify);
  CHECK(b.gpe.rises == 1);
  b.set(reg::kSelector, 2);
  CHECK(b.get(reg::kBaseLow) == 0x4000'0000);
  CHECK(b.get(reg::kBaseHigh) == 1);
  CHECK(b.get(reg::kSizeLow) == 0x2000'0000);
  CHECK(b.get(reg::kSizeHigh) == 0);
  CHECK(b.get(reg::kProximity) == 1);
  CHECK(b.get(reg::kStatus, 1) == (reg::kStatusEnabled | reg::kStatusInserting));
  b.set(reg::kControl, reg::kControlClearInserting, 1);
  CHECK(b.get(reg::kStatus, 1) == reg::kStatusEnabled);
}

TEST_CASE("memory hotplug: a DIMM that was there at power-on makes no event") {
  Bench b;
  b.chip.insert(0, 0x1'0000'0000, 0x800'0000, 0, MemoryHotplug::Event::Silent);
  CHECK(b.gpe.rises == 0);
  CHECK(b.get(reg::kStatus, 1) == reg::kStatusEnabled);
}

TEST_CASE("memory hotplug: asking to eject, reporting and ejecting") {
  Bench b;
  b.chip.insert(1, 0x1'0000'0000, 0x800'0000, 0, MemoryHotplug::Event::Silent);
  b.chip.request_eject(1);
  CHECK(b.gpe.rises == 1);
  b.set(reg::kSelector, 1);
  CHECK(b.get(reg::kStatus, 1) == (reg::kStatusEnabled | reg::kStatusRemoving));
  b.set(reg::kControl, reg::kControlClearRemoving, 1);
  b.set(reg::kOstEvent, 3);
  b.set(reg::kOstStatus, 0x84);
  CHECK(b.reported == std::vector<Bench::Ost>{{1, 3, 0x84}});
  b.set(reg::kControl, reg::kControlEject, 1);
  CHECK(b.ejected == std::vector<u32>{1});
}

TEST_CASE("memory hotplug: an empty slot and a slot that does not exist can't be ejected") {
  Bench b;
  for (u32 slot : {0u, 3u, 4u, 255u, 256u, ~0u}) {
    b.set(reg::kSelector, slot);
    b.set(reg::kControl, reg::kControlEject, 1);
    b.set(reg::kOstStatus, 1);
    CHECK(b.get(reg::kStatus, 1) == 0);
  }
  CHECK(b.ejected.empty());
  CHECK(b.reported.size() == 2);
}

TEST_CASE("memory hotplug: any access at any offset and width is harmless") {
  Bench b;
  for (u32 size : {1u, 2u, 4u}) {
    for (u32 at = 0; at + size <= reg::kLength; ++at) {
      b.get(at, size);
      b.set(at, ~0u, size);
    }
  }
  CHECK(b.ejected.empty());
}

TEST_CASE("memory hotplug: a reset forgets what was pending and keeps what is plugged in") {
  Bench b;
  b.chip.insert(0, 0x1'0000'0000, 0x800'0000, 0, MemoryHotplug::Event::Notify);
  b.chip.request_eject(0);
  b.chip.reset();
  CHECK(b.get(reg::kStatus, 1) == reg::kStatusEnabled);
}
