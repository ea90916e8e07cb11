#include "dev/piix4_pm.hpp"

#include <catch2/catch.hpp>

#include "abi/acpi.hpp"
#include "fixture.hpp"

using namespace paemu;
using namespace paemu::test;
namespace acpi = abi::acpi;

namespace {

struct Bench {
  Time time;
  std::vector<u32> slept;
  std::optional<u32> place, smbus_place;
  Piix4Pm pm{time.events,
             time.clock,
             {.sleep = [this](u32 type) { slept.push_back(type); },
              .move_pm = [this](std::optional<u32> first) { place = first; },
              .move_smbus = [this](std::optional<u32> first) { smbus_place = first; }}};

  Pin sci;
  Bench() { pm.sci.connect(sci, 9); }
  u32 get(u32 reg, u32 size = 2) { return static_cast<u32>(pm.pm_ports().io_read(reg, size)); }
  void set(u32 reg, u32 value, u32 size = 2) { pm.pm_ports().io_write(reg, size, value); }
  void enable_acpi() { pm.smi_ports().io_write(0, 1, acpi::kAcpiEnableValue); }
};

}  // namespace

TEST_CASE("PM: the SMI command switches ACPI mode on and off") {
  Bench b;
  CHECK((b.get(acpi::kPm1Control) & acpi::kSciEnable) == 0);
  b.enable_acpi();
  CHECK((b.get(acpi::kPm1Control) & acpi::kSciEnable) != 0);
  b.pm.smi_ports().io_write(0, 1, acpi::kAcpiDisableValue);
  CHECK((b.get(acpi::kPm1Control) & acpi::kSciEnable) == 0);
}

TEST_CASE("PM: the power button raises the SCI until its status is written") {
  Bench b;
  b.pm.press_power_button();
  CHECK_FALSE(b.sci.level);
  b.set(acpi::kPm1Enable, acpi::kPowerButton);
  CHECK_FALSE(b.sci.level);  // not in ACPI mode
  b.enable_acpi();
  CHECK(b.sci.level);
  b.set(acpi::kPm1Status, acpi::kGlobalStatus);
  CHECK(b.sci.level);
  b.set(acpi::kPm1Status, acpi::kPowerButton);
  CHECK_FALSE(b.sci.level);
}

TEST_CASE("PM: a general-purpose event raises the SCI when it is enabled") {
  Bench b;
  b.enable_acpi();
  b.pm.set_line(acpi::kGpeMemoryHotplug, true);
  b.pm.set_line(acpi::kGpeMemoryHotplug, false);
  CHECK(b.pm.gpe_ports().io_read(0, 1) == 1u << acpi::kGpeMemoryHotplug);
  CHECK_FALSE(b.sci.level);
  b.pm.gpe_ports().io_write(2, 1, 0xff);
  CHECK(b.sci.level);
  b.pm.gpe_ports().io_write(0, 1, 1u << acpi::kGpeMemoryHotplug);
  CHECK_FALSE(b.sci.level);
  b.pm.set_line(77, true);
}

TEST_CASE("PM: the timer counts 3.579545 MHz in 24 bits") {
  Bench b;
  b.time.pass(kTicksPerSecond);
  CHECK(b.get(acpi::kPmTimer, 4) == 3579545);
  b.time.pass(kTicksPerSecond * 4);
  CHECK(b.get(acpi::kPmTimer, 4) == 3579545 * 5 - (1u << 24));
}

TEST_CASE("PM: TMR_STS tells of the top bit's changes, by polling and by SCI") {
  Bench b;
  b.time.pass(kTicksPerSecond * 3);
  CHECK((b.get(acpi::kPm1Status) & acpi::kTimerStatus) != 0);
  b.set(acpi::kPm1Status, acpi::kTimerStatus);
  CHECK((b.get(acpi::kPm1Status) & acpi::kTimerStatus) == 0);
  b.enable_acpi();
  b.set(acpi::kPm1Enable, acpi::kTimerStatus);
  u32 count = 0;
  for (int i = 0; i < 240; ++i) {
    b.time.pass(kTicksPerSecond / 10);
    if (!b.sci.level) continue;
    b.set(acpi::kPm1Status, acpi::kTimerStatus);
    ++count;
  }
  CHECK(count == 10);  // 24 s of 2.34 s
}

TEST_CASE("PM: SLP_EN asks for the sleep state and reads as zero") {
  Bench b;
  b.set(acpi::kPm1Control, acpi::kSleepEnable | 5u << acpi::kSleepTypeShift);
  CHECK(b.slept == std::vector<u32>{5});
  CHECK((b.get(acpi::kPm1Control) & acpi::kSleepEnable) == 0);
}

TEST_CASE("PM: byte accesses reach their half of a register, and odd ones are harmless") {
  Bench b;
  b.set(acpi::kPm1Enable + 1, acpi::kPowerButton >> 8, 1);
  CHECK(b.get(acpi::kPm1Enable) == acpi::kPowerButton);
  b.set(acpi::kPm1Enable, acpi::kGlobalStatus, 1);
  CHECK(b.get(acpi::kPm1Enable) == (acpi::kPowerButton | acpi::kGlobalStatus));
  CHECK(b.get(acpi::kPm1Status, 4) == (acpi::kPowerButton | acpi::kGlobalStatus) << 16);
  for (u32 at = 0; at + 4 <= acpi::kPmBlockLength; ++at) {
    if (at == acpi::kPm1Control || at + 1 == acpi::kPm1Control) continue;
    b.set(at, 0, 4);
    b.get(at, 4);
  }
}

TEST_CASE("PM: the PM block is where PMBA says, once PMREGMISC switches it on") {
  Bench b;
  CHECK(b.pm.config_read(0x00, 4) == 0x71138086);
  CHECK_FALSE(b.place);
  b.pm.config_write(0x40, 4, 0xffff0641);
  CHECK(b.pm.config_read(0x40, 4) == 0x641);
  CHECK_FALSE(b.place);
  b.pm.config_write(0x80, 1, 0xff);
  CHECK(b.place == 0x640u);
  b.pm.config_write(0x40, 4, 0);
  CHECK_FALSE(b.place);
}
