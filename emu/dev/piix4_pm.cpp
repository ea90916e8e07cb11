#include "dev/piix4_pm.hpp"

#include "abi/acpi.hpp"
#include "base/bits.hpp"
#include "time/frequency.hpp"

namespace paemu {

namespace {

namespace acpi = abi::acpi;

// What can set SCI among the fixed events (ACPI 6.x, 4.8.3.1).
constexpr u16 kFixedEvents =
    acpi::kTimerStatus | acpi::kGlobalStatus | acpi::kPowerButton | acpi::kSleepButton | acpi::kRtcStatus;
constexpr u16 kStatusBits = kFixedEvents | acpi::kWakeStatus;
constexpr u16 kControlBits = acpi::kSciEnable | 7u << acpi::kSleepTypeShift;  // SLP_EN reads as zero (4.8.3.2.1)
constexpr u32 kGpeBits = 16;

// Chapter 7.1. The device activity monitors are kept as written; DEVACTB says that SMIs by the APM port are on, as the
// firmware leaves it: there is no SMM to set up.
constexpr u32 kPmba = 0x40, kPmRegMisc = 0x80, kSmbba = 0x90, kSmbHostConfig = 0xd2;
constexpr u8 kPmIoSpaceEnable = 0x01;
constexpr u8 kSmbHostEnable = 0x01;
constexpr u32 kPmbaAddress = 0xffc0, kSmbbaAddress = 0xfff0;
constexpr PciRegister kRegisters[] = {
    {0x00, 2, 0x8086},
    {0x02, 2, 0x7113},
    {0x04, 2, 0x0000, 0x0001},
    {0x06, 2, 0x0280, 0, 0x7800},
    {0x08, 1, 0x03},
    {0x09, 1, 0x00},
    {0x0a, 2, 0x0680},
    {0x3c, 1, 0x09, 0xff},  // the SCI is IRQ 9
    {0x3d, 1, 0x01},
    {kPmba, 4, 0x00000001, kPmbaAddress},
    {0x44, 4, 0x00000000, 0xffffffff},  // CNTA, CNTB, GPICTL, DEVRESD
    {0x48, 4, 0x00000000, 0xffffffff},
    {0x4c, 4, 0x00000000, 0xffffffff},
    {0x50, 4, 0x00000000, 0xffffffff},
    {0x54, 4, 0x00000000, 0xffffffff},  // DEVACTA
    {0x58, 4, 0x02000000, 0xffffffff},  // DEVACTB
    {0x5c, 4, 0x00000000, 0xffffffff},  // DEVRESA to DEVRESJ
    {0x60, 4, 0x00000000, 0xffffffff},
    {0x64, 4, 0x00000000, 0xffffffff},
    {0x68, 4, 0x00000000, 0xffffffff},
    {0x6c, 4, 0x00000000, 0xffffffff},
    {0x70, 4, 0x00000000, 0xffffffff},
    {0x74, 4, 0x00000000, 0xffffffff},
    {0x78, 4, 0x00000000, 0xffffffff},
    {0x7c, 4, 0x00000000, 0xffffffff},
    {kPmRegMisc, 1, 0x00, 0x01},
    {kSmbba, 4, 0x00000001, kSmbbaAddress},
    {kSmbHostConfig, 1, 0x00, 0x0f},
    {0xd3, 1, 0x00, 0xff},  // SMBSLVC
    {0xd4, 1, 0x00, 0xff},  // SMBSHDW1, SMBSHDW2
    {0xd5, 1, 0x00, 0xff},
};

constexpr u64 kTimerBits = 24;  // FADT: TMR_VAL_EXT clear
constexpr u64 kTimerHalf = u64{1} << (kTimerBits - 1);

}  // namespace

Piix4Pm::Piix4Pm(EventQueue& events, const VirtualClock& clock, Callbacks callbacks)
    : PciFunction(kRegisters),
      events_(events),
      clock_(clock),
      callbacks_(std::move(callbacks)),
      timer_(events.add("pm.timer", *this)),
      pm_(*this),
      gpe_(*this),
      smi_(*this) {
  reset();
}

void Piix4Pm::reset() {
  state_ = State{};
  reset_config();
  announce();
  state_.timer_seen = timer_clocks() / kTimerHalf;
  schedule_timer();
  update_sci();
}

void Piix4Pm::announce() {
  const u32 base = config_value(kPmba, 4) & kPmbaAddress;
  const bool enabled = (config_value(kPmRegMisc, 1) & kPmIoSpaceEnable) != 0 && base != 0;
  callbacks_.move_pm(enabled ? std::optional<u32>(base) : std::nullopt);
  const u32 smbus = config_value(kSmbba, 4) & kSmbbaAddress;
  const bool smbus_enabled = (config_value(kSmbHostConfig, 1) & kSmbHostEnable) != 0 && smbus != 0;
  callbacks_.move_smbus(smbus_enabled ? std::optional<u32>(smbus) : std::nullopt);
}

void Piix4Pm::on_config_written(u32, u32) { announce(); }

// --- Events.

void Piix4Pm::press_power_button() {
  state_.pm1_status |= acpi::kPowerButton;
  update_sci();
}

void Piix4Pm::set_line(u32 gpe_bit, bool level) {
  if (gpe_bit >= kGpeBits || !level) return;
  state_.gpe_status |= bit<u16>(gpe_bit);
  update_sci();
}

// The SCI is raised only in ACPI mode (SCI_EN); else the events would be SMIs, of which the board has none (4.8.3.2.1).
void Piix4Pm::update_sci() {
  const bool fixed = (state_.pm1_status & state_.pm1_enable & kFixedEvents) != 0;
  const bool general = (state_.gpe_status & state_.gpe_enable) != 0;
  sci.set((state_.pm1_control & acpi::kSciEnable) != 0 && (fixed || general));
}

// --- PM timer (4.8.2.1): 24 bits; TMR_STS is set whenever the top bit changes.

u64 Piix4Pm::timer_clocks() const { return cycles_at(clock_.now(), acpi::kPmTimerHz); }

// Changes of the top bit that nobody waits for are noticed when somebody looks.
void Piix4Pm::note_timer() {
  const u64 halves = timer_clocks() / kTimerHalf;
  if (halves != state_.timer_seen) state_.pm1_status |= acpi::kTimerStatus;
  state_.timer_seen = halves;
}

void Piix4Pm::schedule_timer() {
  if ((state_.pm1_enable & acpi::kTimerStatus) == 0) {
    events_.disarm(timer_);
    return;
  }
  const u64 next = (timer_clocks() / kTimerHalf + 1) * kTimerHalf;
  events_.arm(timer_, first_tick_of(next, acpi::kPmTimerHz));
}

void Piix4Pm::on_event(u32, Ticks) {
  note_timer();
  schedule_timer();
  update_sci();
}

// --- PM1 and timer ports.

u8 Piix4Pm::read_byte(u32 offset) {
  const auto byte_of = [offset](u32 value, u32 first) { return static_cast<u8>(value >> (8 * (offset - first))); };
  if (offset < acpi::kPm1Enable) {
    note_timer();
    return byte_of(state_.pm1_status, acpi::kPm1Status);
  }
  if (offset < acpi::kPm1Control) return byte_of(state_.pm1_enable, acpi::kPm1Enable);
  if (offset < acpi::kPm1Control + 2) return byte_of(state_.pm1_control, acpi::kPm1Control);
  if (offset >= acpi::kPmTimer && offset < acpi::kPmTimer + 4) {
    return byte_of(static_cast<u32>(timer_clocks() % (u64{1} << kTimerBits)), acpi::kPmTimer);
  }
  return 0;
}

u64 Piix4Pm::PmPorts::io_read(u64 offset, u32 size) {
  u64 value = 0;
  for (u32 i = 0; i < size; ++i) value |= u64{pm.read_byte(static_cast<u32>(offset) + i)} << (8 * i);
  return value;
}

// Writes act on whole registers: the bytes that an access does not cover keep what they are (zero for
// write-one-to-clear).
void Piix4Pm::PmPorts::io_write(u64 offset, u32 size, u64 value) {
  const auto merge = [&](u32 first, u16 old) {
    u16 merged = old;
    for (u32 i = 0; i < size; ++i) {
      const u64 at = offset + i;
      if (at < first || at >= first + 2) continue;
      const u32 shift = 8 * static_cast<u32>(at - first);
      merged = static_cast<u16>((merged & ~(0xffu << shift)) | ((value >> (8 * i)) & 0xff) << shift);
    }
    return merged;
  };
  const auto touches = [&](u32 first) { return offset < first + 2 && offset + size > first; };

  State& state = pm.state_;
  if (touches(acpi::kPm1Status)) {
    pm.note_timer();
    state.pm1_status &= static_cast<u16>(~(merge(acpi::kPm1Status, 0) & kStatusBits));
  }
  if (touches(acpi::kPm1Enable)) {
    pm.note_timer();
    state.pm1_enable = merge(acpi::kPm1Enable, state.pm1_enable) & kFixedEvents;
    pm.schedule_timer();
  }
  if (touches(acpi::kPm1Control)) pm.write_control(merge(acpi::kPm1Control, state.pm1_control));
  pm.update_sci();
}

void Piix4Pm::write_control(u16 value) {
  state_.pm1_control = value & kControlBits;
  if ((value & acpi::kSleepEnable) != 0) callbacks_.sleep(bits<u32>(value, acpi::kSleepTypeShift, 3));
}

// --- GPE0 (4.8.4.1): two bytes of status, write one to clear, then two of enable.

u64 Piix4Pm::GpePorts::io_read(u64 offset, u32) {
  const u16 value = offset < 2 ? pm.state_.gpe_status : pm.state_.gpe_enable;
  return static_cast<u8>(value >> (8 * (offset & 1)));
}

void Piix4Pm::GpePorts::io_write(u64 offset, u32, u64 value) {
  const u32 shift = 8 * (offset & 1);
  const u16 byte = static_cast<u16>((value & 0xff) << shift);
  if (offset < 2)
    pm.state_.gpe_status &= static_cast<u16>(~byte);
  else
    pm.state_.gpe_enable = static_cast<u16>((pm.state_.gpe_enable & ~(0xffu << shift)) | byte);
  pm.update_sci();
}

// --- SMI command port (5.2.9, SMI_CMD): what the firmware's SMI handler would do, SCI_EN, is done here.

u64 Piix4Pm::SmiPorts::io_read(u64 offset, u32) { return offset == 0 ? pm.state_.smi_command : pm.state_.smi_data; }

void Piix4Pm::SmiPorts::io_write(u64 offset, u32, u64 value) {
  if (offset != 0) {
    pm.state_.smi_data = static_cast<u8>(value);
    return;
  }
  pm.state_.smi_command = static_cast<u8>(value);
  if (value == acpi::kAcpiEnableValue) pm.state_.pm1_control |= acpi::kSciEnable;
  if (value == acpi::kAcpiDisableValue) pm.state_.pm1_control &= static_cast<u16>(~acpi::kSciEnable);
  pm.update_sci();
}

}  // namespace paemu
