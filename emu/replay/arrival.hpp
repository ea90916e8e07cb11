// Arrivals made and read: the payload of each InputKind. Used by those who queue requests and by the machine, which
// must take nothing in a payload for granted: a trace file is a stranger's.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>

#include "memory/dimm.hpp"
#include "replay/drive.hpp"
#include "replay/input.hpp"

namespace paemu::arrival {

// Payload limits. The longest is a burst of serial input.
inline constexpr usize kMaxPayload = 64 * 1024;
inline constexpr usize kMaxId = 128;

// An error for a machine-check bank, as its registers are to show it (SDM 3B, 15.3).
struct MachineCheck {
  u32 processor = 0;
  u32 bank = 0;  // below kMachineCheckBanks
  u64 status = 0, global_status = 0, address = 0, misc = 0;
  FIELDS(processor, bank, status, global_status, address, misc)
};
inline constexpr u64 kMachineCheckValid = u64{1} << 63;  // of `status`: must be set

// A medium for a drive that takes some; number 0: what is in it is taken out, locked or not.
struct MediumChange {
  std::string drive;
  MediumSpec medium;
  FIELDS(drive, medium)
};
using Entropy = std::array<u8, 32>;

// The mouse: counts to the right, down, of the wheel towards the user; then the buttons that are down: bit 0 left,
// 1 right, 2 middle, 3 and 4 the side ones.
struct Pointer {
  i16 dx = 0, dy = 0;
  i8 dz = 0;
  u8 buttons = 0;
  FIELDS(dx, dy, dz, buttons)
};

// --- Making. `at` is left open: the source stamps it.
Arrival serial_bytes(u8 stream, std::span<const u8> bytes);
Arrival rtc_start(i64 seconds_since_epoch);
Arrival dimm_insert(const DimmSpec& spec);
Arrival dimm_eject_request(const std::string& id);
Arrival dimm_surprise_pull(const std::string& id);
Arrival keys(std::span<const u8> scan_codes);
Arrival pointer(const Pointer& p);
Arrival power_button();
Arrival reset_by_monitor();
Arrival non_maskable();
Arrival machine_check(const MachineCheck& error);
Arrival medium_change(const std::string& drive, const MediumSpec& medium);
Arrival eject_button(const std::string& drive);
Arrival entropy(const Entropy& key);

// --- Reading. Nothing when the payload is not of this kind's form.
struct Serial {
  u8 stream;
  std::span<const u8> bytes;
};
std::optional<Serial> read_serial(const Arrival& a);
std::optional<i64> read_rtc_start(const Arrival& a);
std::optional<DimmSpec> read_dimm(const Arrival& a);
std::optional<std::string> read_id(const Arrival& a);
std::optional<Pointer> read_pointer(const Arrival& a);
std::optional<MachineCheck> read_machine_check(const Arrival& a);
std::optional<MediumChange> read_medium_change(const Arrival& a);
std::optional<Entropy> read_entropy(const Arrival& a);
// The payload has the form that its kind demands. What it names may still not exist.
bool well_formed(const Arrival& a);

// One line for people: position, kind and payload, without control characters.
std::string to_string(const Arrival& a);
const char* name(InputKind kind);

}  // namespace paemu::arrival
