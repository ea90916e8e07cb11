#include <catch2/catch.hpp>

#include "fake_machine.hpp"
#include "tables.hpp"

using namespace ido::acpi;
using ido::u32;
using ido::u64;
using ido::u8;

namespace hp = abi::memory_hotplug;

TEST_CASE("each slot is a memory device that reads its own registers") {
  for (u32 slots : {1u, 3u, 8u, 255u, 256u}) {
    Loaded acpi;
    REQUIRE(acpi.load(dsdt_table()));
    REQUIRE(acpi.load(paemu::slots_ssdt(slots)));
    for (u32 i = 0; i < slots; ++i) {
      char path[32];
      snprintf(path, sizeof(path), "\\_SB.MHPC.MP%02X", i);
      const std::string device = path;
      INFO(device);
      acpi.machine.slots[i] = {u64{0x100000000} + i * u64{0x8000000}, 0x8000000, i & 3, hp::kStatusEnabled, false, {}};
      REQUIRE(acpi.names.find(path) != nullptr);
      CHECK(acpi.number((device + "._UID").c_str()) == i);
      CHECK(acpi.number((device + "._HID").c_str()) == 0x800cd041);  // PNP0C80
      CHECK(acpi.number((device + "._STA").c_str()) == 0xf);
      CHECK(acpi.number((device + "._PXM").c_str()) == (i & 3));

      Value resources = acpi.interpreter.evaluate(*acpi.names.find((device + "._CRS").c_str()));
      REQUIRE(resources.ok());
      const auto* bytes = as_buffer(resources.value());
      REQUIRE(bytes != nullptr);
      REQUIRE(bytes->size == 48);
      u64 first, last, length;
      memcpy(&first, bytes->data + 14, 8), memcpy(&last, bytes->data + 22, 8), memcpy(&length, bytes->data + 38, 8);
      CHECK(bytes->data[0] == 0x8a);  // QWord address space
      CHECK(first == acpi.machine.slots[i].base);
      CHECK(length == 0x8000000);
      CHECK(last == first + length - 1);
    }
    CHECK(acpi.names.find("\\_SB.MHPC")->child(segment("MP00")) != nullptr);
  }
}

TEST_CASE("an empty slot is not there") {
  Loaded acpi;
  REQUIRE(acpi.load(dsdt_table()));
  REQUIRE(acpi.load(paemu::slots_ssdt(8)));
  CHECK(acpi.number("\\_SB.MHPC.MP07._STA") == 0);
}

TEST_CASE("GPE 3 turns insertions and removal requests into notifications, once") {
  Loaded acpi;
  REQUIRE(acpi.load(dsdt_table()));
  REQUIRE(acpi.load(paemu::slots_ssdt(256)));
  acpi.machine.slots[2].status = hp::kStatusEnabled | hp::kStatusInserting;
  acpi.machine.slots[255].status = hp::kStatusEnabled | hp::kStatusRemoving;
  acpi.number("\\_GPE._E03");
  INFO(acpi.interpreter.problem());
  REQUIRE(acpi.machine.notified.size() == 2);
  CHECK(acpi.machine.notified[0] == std::make_pair(std::string("\\_SB.MHPC.MP02"), 1u));
  CHECK(acpi.machine.notified[1] == std::make_pair(std::string("\\_SB.MHPC.MPFF"), 3u));
  CHECK(acpi.machine.slots[2].status == hp::kStatusEnabled);
  acpi.number("\\_GPE._E03");
  CHECK(acpi.machine.notified.size() == 2);
}

TEST_CASE("_OST and _EJ0 reach the slot's registers") {
  Loaded acpi;
  REQUIRE(acpi.load(dsdt_table()));
  REQUIRE(acpi.load(paemu::slots_ssdt(8)));
  acpi.number("\\_SB.MHPC.MP05._OST", {make_integer(3), make_integer(0x84), make_bytes(Type::kBuffer, nullptr, 0)});
  REQUIRE(acpi.machine.slots[5].reports.size() == 1);
  CHECK(acpi.machine.slots[5].reports[0] == std::make_pair(3u, 0x84u));
  acpi.number("\\_SB.MHPC.MP05._EJ0", {make_integer(1)});
  CHECK(acpi.machine.slots[5].ejected);
}
