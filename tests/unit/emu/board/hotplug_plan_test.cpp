#include "board/hotplug_plan.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace paemu;

namespace {

MachineConfig machine(u64 ram = kGiB, u32 slots = 4, u64 maxmem = 8 * kGiB) {
  MachineConfig c;
  c.ram_size = ram;
  c.slots = slots;
  c.maxmem = maxmem;
  return c;
}

DimmSpec wanted(u64 size, std::string id = "", u32 slot = kAnySlot, GuestPhys base = kAnyBase) {
  return DimmSpec{.id = std::move(id), .slot = slot, .base = base, .size = size};
}

// What is plugged in, kept in ascending order as PhysicalMemory does.
struct Bank {
  MachineConfig config;
  DimmList present;

  explicit Bank(MachineConfig c) : config(std::move(c)) {
    for (const DimmSpec& s : boot_dimms(config)) present.push_back(std::make_unique<Dimm>(s));
  }
  DimmSpec add(DimmSpec w) {
    auto planned = plan_insert(config, present, std::move(w));
    REQUIRE(planned.ok());
    present.push_back(std::make_unique<Dimm>(*planned));
    std::sort(present.begin(), present.end(),
              [](const auto& a, const auto& b) { return a->spec().base < b->spec().base; });
    return *planned;
  }
  void take(const std::string& id) {
    std::erase_if(present, [&](const auto& d) { return d->spec().id == id; });
  }
  std::string refusal(DimmSpec w) const {
    auto planned = plan_insert(config, present, std::move(w));
    return planned.ok() ? "accepted" : planned.error().sentence;
  }
};

std::string config_refusal(const MachineConfig& c) {
  auto checked = check_memory_config(c);
  return checked.ok() ? "accepted" : checked.error().sentence;
}

}  // namespace

TEST_CASE("boot RAM beyond 3 GiB goes on at 4 GiB") {
  CHECK(boot_dimms(machine(3 * kGiB)).size() == 1);
  const auto dimms = boot_dimms(machine(5 * kGiB));
  REQUIRE(dimms.size() == 2);
  CHECK(dimms[0].id == "boot0");
  CHECK(dimms[0].size == 3 * kGiB);
  CHECK(dimms[1].id == "boot1");
  CHECK(dimms[1].base == GuestPhys{4 * kGiB});
  CHECK(dimms[1].size == 2 * kGiB);
}

TEST_CASE("an insertion that leaves all open takes the first free id, slot and place") {
  Bank bank(machine());
  const DimmSpec first = bank.add(wanted(512 * kMiB));
  CHECK(first.id == "dimm1");
  CHECK(first.slot == 0);
  CHECK(first.base == GuestPhys{4 * kGiB});
  const DimmSpec second = bank.add(wanted(kGiB));
  CHECK(second.id == "dimm2");
  CHECK(second.slot == 1);
  CHECK(second.base == GuestPhys{4 * kGiB + 512 * kMiB});
  // A hole is filled again when the new DIMM fits, and passed when not.
  bank.take("dimm1");
  CHECK(bank.add(wanted(kGiB, "big")).base == GuestPhys{5 * kGiB + 512 * kMiB});
  const DimmSpec again = bank.add(wanted(512 * kMiB));
  CHECK(again.id == "dimm1");
  CHECK(again.base == GuestPhys{4 * kGiB});
}

TEST_CASE("a DIMM of whole sections of 512 MiB fills sections, as long as there is such a place") {
  Bank bank(machine(kGiB, 8, kGiB + kGiB + 128 * kMiB));
  CHECK(bank.add(wanted(128 * kMiB)).base == GuestPhys{4 * kGiB});
  CHECK(bank.add(wanted(512 * kMiB)).base == GuestPhys{4 * kGiB + 512 * kMiB});
  CHECK(bank.add(wanted(384 * kMiB)).base == GuestPhys{4 * kGiB + 128 * kMiB});
  bank.take("dimm2");
  bank.take("dimm3");
  CHECK(bank.add(wanted(kGiB)).base == GuestPhys{4 * kGiB + 128 * kMiB});  // there is none
}

TEST_CASE("the hotplug window starts above all boot RAM") {
  Bank bank(machine(4 * kGiB + 512 * kMiB, 4, 16 * kGiB));
  CHECK(bank.add(wanted(kGiB)).base == GuestPhys{6 * kGiB});
}

TEST_CASE("a size must be a multiple of 128 MiB") {
  const Bank bank(machine());
  CHECK(bank.refusal(wanted(0)) == "a DIMM needs a size, a multiple of 128 MiB; 0 is none");
  CHECK(bank.refusal(wanted(100 * kMiB)) == "size 100M is not a multiple of 128 MiB (a memory section); use 128M");
  CHECK(bank.refusal(wanted(kGiB + 1)) == "size 1073741825 is not a multiple of 128 MiB (a memory section); use 1152M");
  CHECK(bank.refusal(wanted(~u64{0})).find("is not a multiple") != std::string::npos);
}

TEST_CASE("ids, slots and places in use are refused by name") {
  Bank bank(machine());
  bank.add(wanted(kGiB, "a", 2));
  CHECK(bank.refusal(wanted(kGiB, "a")) == "the id \"a\" is in use");
  CHECK(bank.refusal(wanted(kGiB, "boot0")) == "the id \"boot0\" is in use");
  CHECK(bank.refusal(wanted(kGiB, "", 2)) == "slot 2 holds DIMM \"a\"");
  CHECK(bank.refusal(wanted(kGiB, "", 4)) == "there is no slot 4; the machine has slots 0 to 3");
  CHECK(bank.refusal(wanted(kGiB, "", kAnySlot, GuestPhys{4 * kGiB})) ==
        "a DIMM of 1G at 0x100000000 overlaps DIMM \"a\" at 0x100000000");
  CHECK(bank.refusal(wanted(kGiB, "", kAnySlot, GuestPhys{5 * kGiB + 1})) ==
        "address 0x140000001 is not a multiple of 128 MiB");
  CHECK(bank.refusal(wanted(kGiB, "", kAnySlot, GuestPhys{0})) ==
        "a DIMM of 1G at 0x0 is outside the hotplug window, 0x100000000 to 0x2c0000000");
  CHECK(
      bank.refusal(wanted(kGiB, "", kAnySlot, GuestPhys{10 * kGiB + 512 * kMiB})).find("outside the hotplug window") !=
      std::string::npos);
}

TEST_CASE("no more than maxmem and no more than the slots can be plugged in") {
  Bank bank(machine(kGiB, 2, 4 * kGiB));
  CHECK(bank.refusal(wanted(8 * kGiB)) == "a DIMM of 8G would exceed maxmem 4G; 3G is left");
  bank.add(wanted(kGiB));
  CHECK(bank.refusal(wanted(3 * kGiB)) == "a DIMM of 3G would exceed maxmem 4G; 2G is left");
  bank.add(wanted(kGiB));
  CHECK(bank.refusal(wanted(kGiB)) == "all 2 memory slots are in use");
  CHECK(Bank(machine(kGiB, 0, 4 * kGiB)).refusal(wanted(kGiB)) ==
        "the machine has no memory slots; start it with -m ...,slots=N,maxmem=SIZE");
}

TEST_CASE("room that is in pieces is not enough") {
  Bank bank(machine(kGiB, 4, 4 * kGiB));
  bank.add(wanted(kGiB, "middle", kAnySlot, GuestPhys{5 * kGiB}));
  CHECK(bank.refusal(wanted(2 * kGiB)) == "there is no room for 2G in one piece; maxmem leaves 3G for DIMMs");
}

TEST_CASE("an unknown node is refused") {
  const Bank bank(machine());
  DimmSpec w = wanted(kGiB);
  w.node = 1;
  CHECK(bank.refusal(w) == "there is no NUMA node 1; the machine has 1");
}

TEST_CASE("only a hotplug DIMM that is there can be ejected") {
  Bank bank(machine());
  bank.add(wanted(kGiB));
  CHECK(check_eject(bank.present, "dimm1").ok());
  CHECK(check_eject(bank.present, "dimm2").error().sentence == "there is no DIMM \"dimm2\"");
  CHECK(check_eject(bank.present, "boot0").error().sentence == "\"boot0\" holds the boot RAM and can't be removed");
}

TEST_CASE("a memory configuration that no machine can have is refused with a sentence") {
  CHECK(config_refusal(machine()) == "accepted");
  CHECK(config_refusal(machine(0)) == "the machine needs memory; a size of 0 is none");
  CHECK(config_refusal(machine(kGiB + 4096)) == "memory size 1048580K is not a multiple of 1 MiB");
  CHECK(config_refusal(machine(kMiB)) == "memory size 1M is too small; use 4M or more");
  CHECK(config_refusal(machine(kGiB, 257)) == "a machine has at most 256 memory slots, not 257");
  CHECK(config_refusal(machine(16 * kGiB)) == "maxmem 8G is less than the memory size 16G");
  CHECK(config_refusal(machine(128 * kGiB, 0, 128 * kGiB)) == "memory size 128G does not fit 36 physical address bits");
  CHECK(config_refusal(machine(kGiB, 4, 64 * kGiB)) ==
        "maxmem 64G does not fit 36 physical address bits: DIMMs would end at 0x10c0000000");
  MachineConfig c = machine();
  c.physical_bits = 41;
  CHECK(config_refusal(c) == "physical address bits must be 32 to 40, not 41");
}
