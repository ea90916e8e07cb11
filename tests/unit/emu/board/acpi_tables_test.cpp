#include <catch2/catch.hpp>

#include "abi/acpi.hpp"
#include "abi/memory_map.hpp"
#include "abi/ports.hpp"
#include "board/hotplug_plan.hpp"
#include "installed_tables.hpp"

using namespace paemu;

namespace {

MachineConfig machine(u64 ram, u32 slots, u64 maxmem) {
  MachineConfig config;
  config.ram_size = ram;
  config.slots = slots;
  config.maxmem = maxmem;
  return config;
}

std::vector<DimmSpec> dimms_of(u64 ram) {
  std::vector<DimmSpec> dimms;
  const u64 low = ram < abi::memory_map::kLowRamEnd ? ram : abi::memory_map::kLowRamEnd;
  dimms.push_back({"boot0", "", Socket::Boot, 0, GuestPhys{0}, low, 0});
  if (ram > low) dimms.push_back({"boot1", "", Socket::Boot, 0, GuestPhys{abi::memory_map::kHighRam}, ram - low, 0});
  return dimms;
}

u64 field(const std::vector<u8>& table, usize at, usize size) { return InstalledTables::number(table, at, size); }

}  // namespace

TEST_CASE("every table is found, whole and with a right checksum, whatever the machine") {
  for (u32 slots : {0u, 1u, 2u, 8u, 200u, 256u}) {
    INFO(slots << " slots");
    const auto dimms = dimms_of(5 * kGiB);
    const InstalledTables installed(machine(5 * kGiB, slots, 64 * kGiB), dimms);
    REQUIRE(installed.sound);
    CHECK(InstalledTables::sum(installed.files.at("etc/acpi/rsdp")) == 0);
    auto tables = installed.tables();
    for (const char* name : {"RSDT", "FACP", "APIC", "HPET", "SRAT", "DSDT", "FACS"}) {
      INFO(name);
      REQUIRE(tables[name].size() > 36);
      CHECK(std::string(tables[name].begin(), tables[name].begin() + 4) == name);
      if (std::string(name) != "FACS") CHECK(InstalledTables::sum(tables[name]) == 0);
    }
    CHECK(tables.count("SSDT") == (slots > 0 ? 1u : 0u));
    if (slots > 0) CHECK(InstalledTables::sum(tables["SSDT"]) == 0);
  }
}

TEST_CASE("the FADT names the chips where the board has them") {
  const auto dimms = dimms_of(kGiB);
  const InstalledTables installed(machine(kGiB, 8, 16 * kGiB), dimms);
  const std::vector<u8> fadt = installed.tables()["FACP"];
  REQUIRE(fadt.size() == 244);
  CHECK(field(fadt, 46, 2) == abi::irq::kSci);
  CHECK(field(fadt, 48, 4) == abi::acpi::kSmiCommandPort);
  CHECK(field(fadt, 56, 4) == abi::port::kAcpiPmBase);
  CHECK(field(fadt, 64, 4) == abi::port::kAcpiPmBase + abi::acpi::kPm1Control);
  CHECK(field(fadt, 76, 4) == abi::port::kAcpiPmBase + abi::acpi::kPmTimer);
  CHECK(field(fadt, 80, 4) == abi::port::kGpe0);
  CHECK(fadt[92] == abi::acpi::kGpe0Length);
  CHECK(field(fadt, 120, 8) == abi::port::kReset);
  CHECK(field(fadt, 140, 8) == field(fadt, 40, 4));  // X_DSDT
  CHECK(field(fadt, 36, 4) % 64 == 0);               // FACS
}

TEST_CASE("the SRAT lists boot RAM without the legacy hole and the window for hotplug") {
  const u64 ram = 5 * kGiB;
  const auto dimms = dimms_of(ram);
  const InstalledTables installed(machine(ram, 8, 16 * kGiB), dimms);
  const std::vector<u8> srat = installed.tables()["SRAT"];
  struct Entry {
    u64 base, size, flags;
  };
  std::vector<Entry> memory;
  for (usize at = 48; at < srat.size(); at += srat[at + 1]) {
    if (srat[at] == 1) memory.push_back({field(srat, at + 8, 8), field(srat, at + 16, 8), field(srat, at + 28, 4)});
  }
  REQUIRE(memory.size() == 4);
  CHECK((memory[0].base == 0 && memory[0].size == 0xa0000 && memory[0].flags == 1));
  CHECK((memory[1].base == kMiB && memory[1].size == 3 * kGiB - kMiB));
  CHECK((memory[2].base == 4 * kGiB && memory[2].size == 2 * kGiB));
  CHECK((memory[3].base == 6 * kGiB && memory[3].size == 11 * kGiB && memory[3].flags == 3));
}

TEST_CASE("the hotplug window starts on a GiB, above 4 GiB and above all boot RAM") {
  CHECK(hotplug_window(machine(kGiB, 8, 16 * kGiB)).base == GuestPhys{4 * kGiB});
  CHECK(hotplug_window(machine(kGiB, 8, 16 * kGiB)).size == 15 * kGiB);
  CHECK(hotplug_window(machine(3 * kGiB + 128 * kMiB, 8, 16 * kGiB)).base == GuestPhys{5 * kGiB});
  CHECK(hotplug_window(machine(kGiB, 0, 16 * kGiB)).size == 0);
  CHECK(hotplug_window(machine(kGiB, 8, kGiB)).size == 0);
}

TEST_CASE("the ports written out in the DSDT are those of the board") {
  const auto dimms = dimms_of(kGiB);
  const InstalledTables installed(machine(kGiB, 8, 16 * kGiB), dimms);
  const std::vector<u8> dsdt = installed.tables()["DSDT"];
  // An I/O port descriptor: 47, decode, minimum, maximum, alignment, length (ACPI 6.4.2.5).
  const auto claims = [&](u32 port, u32 length) {
    for (usize i = 0; i + 8 <= dsdt.size(); ++i) {
      if (dsdt[i] == 0x47 && field(dsdt, i + 2, 2) == port && field(dsdt, i + 4, 2) == port && dsdt[i + 7] == length)
        return true;
    }
    return false;
  };
  CHECK(claims(abi::port::kSystemControlA, 1));
  CHECK(claims(abi::port::kPicElcr, 2));
  CHECK(claims(abi::port::kAcpiPmBase, abi::acpi::kPmBlockLength));
  CHECK(claims(abi::port::kGpe0, abi::acpi::kGpe0Length));
  CHECK(claims(abi::port::kPic1, 2));
  CHECK(claims(abi::port::kPic2, 2));
  CHECK(claims(abi::port::kPit, 4));
  CHECK(claims(abi::port::kRtc, 2));
  CHECK(claims(abi::port::kCom1, 8));
  CHECK(claims(abi::port::kMemoryHotplug, 0x18));
}

TEST_CASE("etc/e820 is the boot DIMMs as they are") {
  const auto dimms = dimms_of(5 * kGiB);
  const InstalledTables installed(machine(5 * kGiB, 8, 16 * kGiB), dimms);
  const std::vector<u8>& e820 = installed.files.at("etc/e820");
  REQUIRE(e820.size() == 40);
  CHECK((field(e820, 0, 8) == 0 && field(e820, 8, 8) == 3 * kGiB && field(e820, 16, 4) == 1));
  CHECK((field(e820, 20, 8) == 4 * kGiB && field(e820, 28, 8) == 2 * kGiB && field(e820, 36, 4) == 1));
}
