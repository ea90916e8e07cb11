#include "replay/arrival.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cpu/state.hpp"
#include "replay/archive.hpp"

namespace paemu::arrival {

namespace {

Arrival make(InputKind kind, std::vector<u8> payload = {}) { return Arrival{Position{}, kind, std::move(payload)}; }

Arrival with_id(InputKind kind, const std::string& id) { return make(kind, std::vector<u8>(id.begin(), id.end())); }

}  // namespace

Arrival serial_bytes(u8 stream, std::span<const u8> bytes) {
  std::vector<u8> payload{stream};
  payload.insert(payload.end(), bytes.begin(), bytes.end());
  return make(InputKind::SerialBytes, std::move(payload));
}

Arrival rtc_start(i64 seconds_since_epoch) { return make(InputKind::RtcStart, archive::save(seconds_since_epoch)); }
Arrival dimm_insert(const DimmSpec& spec) { return make(InputKind::DimmInsert, archive::save(spec)); }
Arrival dimm_eject_request(const std::string& id) { return with_id(InputKind::DimmEjectRequest, id); }
Arrival dimm_surprise_pull(const std::string& id) { return with_id(InputKind::DimmSurprisePull, id); }
Arrival keys(std::span<const u8> scan_codes) {
  return make(InputKind::Key, std::vector<u8>(scan_codes.begin(), scan_codes.end()));
}
Arrival pointer(const Pointer& p) { return make(InputKind::Pointer, archive::save(p)); }
Arrival power_button() { return make(InputKind::PowerButton); }
Arrival reset_by_monitor() { return make(InputKind::Reset, {0}); }
Arrival non_maskable() { return make(InputKind::NonMaskable); }
Arrival machine_check(const MachineCheck& error) { return make(InputKind::MachineCheck, archive::save(error)); }
Arrival medium_change(const std::string& drive, const MediumSpec& medium) {
  return make(InputKind::MediumChange, archive::save(MediumChange{drive, medium}));
}
Arrival eject_button(const std::string& drive) { return with_id(InputKind::EjectButton, drive); }
Arrival entropy(const Entropy& key) { return make(InputKind::Entropy, std::vector<u8>(key.begin(), key.end())); }

std::optional<Serial> read_serial(const Arrival& a) {
  if (a.kind != InputKind::SerialBytes || a.payload.empty()) return std::nullopt;
  return Serial{a.payload[0], std::span<const u8>(a.payload).subspan(1)};
}

std::optional<i64> read_rtc_start(const Arrival& a) {
  i64 seconds = 0;
  if (a.kind != InputKind::RtcStart || !archive::load(a.payload, seconds)) return std::nullopt;
  return seconds;
}

std::optional<DimmSpec> read_dimm(const Arrival& a) {
  DimmSpec spec;
  if (a.kind != InputKind::DimmInsert || !archive::load(a.payload, spec)) return std::nullopt;
  if (spec.id.size() > kMaxId || spec.memdev.size() > kMaxId) return std::nullopt;
  return spec;
}

std::optional<std::string> read_id(const Arrival& a) {
  if (a.kind != InputKind::DimmEjectRequest && a.kind != InputKind::DimmSurprisePull &&
      a.kind != InputKind::EjectButton) {
    return std::nullopt;
  }
  if (a.payload.empty() || a.payload.size() > kMaxId) return std::nullopt;
  return std::string(a.payload.begin(), a.payload.end());
}

std::optional<Pointer> read_pointer(const Arrival& a) {
  Pointer p;
  if (a.kind != InputKind::Pointer || !archive::load(a.payload, p)) return std::nullopt;
  return p;
}

std::optional<MachineCheck> read_machine_check(const Arrival& a) {
  MachineCheck error;
  if (a.kind != InputKind::MachineCheck || !archive::load(a.payload, error)) return std::nullopt;
  if (error.bank >= kMachineCheckBanks || !(error.status & kMachineCheckValid)) return std::nullopt;
  return error;
}

std::optional<MediumChange> read_medium_change(const Arrival& a) {
  MediumChange change;
  if (a.kind != InputKind::MediumChange || !archive::load(a.payload, change)) return std::nullopt;
  if (change.drive.empty() || change.drive.size() > kMaxId) return std::nullopt;
  return change;
}

std::optional<Entropy> read_entropy(const Arrival& a) {
  Entropy key;
  if (a.kind != InputKind::Entropy || a.payload.size() != key.size()) return std::nullopt;
  std::copy(a.payload.begin(), a.payload.end(), key.begin());
  return key;
}

bool well_formed(const Arrival& a) {
  if (a.payload.size() > kMaxPayload) return false;
  switch (a.kind) {
    case InputKind::SerialBytes: return read_serial(a).has_value();
    case InputKind::Key: return !a.payload.empty();
    case InputKind::RtcStart: return read_rtc_start(a).has_value();
    case InputKind::DimmInsert: return read_dimm(a).has_value();
    case InputKind::DimmEjectRequest:
    case InputKind::DimmSurprisePull:
    case InputKind::EjectButton: return read_id(a).has_value();
    case InputKind::MediumChange: return read_medium_change(a).has_value();
    case InputKind::PowerButton:
    case InputKind::NonMaskable: return a.payload.empty();
    case InputKind::Pointer: return read_pointer(a).has_value();
    case InputKind::MachineCheck: return read_machine_check(a).has_value();
    case InputKind::Entropy: return read_entropy(a).has_value();
    case InputKind::Reset: return a.payload.size() == 1 && a.payload[0] <= 1;
  }
  return false;
}

const char* name(InputKind kind) {
  switch (kind) {
    case InputKind::SerialBytes: return "SerialBytes";
    case InputKind::Key: return "Key";
    case InputKind::RtcStart: return "RtcStart";
    case InputKind::DimmInsert: return "DimmInsert";
    case InputKind::DimmEjectRequest: return "DimmEjectRequest";
    case InputKind::DimmSurprisePull: return "DimmSurprisePull";
    case InputKind::PowerButton: return "PowerButton";
    case InputKind::Reset: return "Reset";
    case InputKind::NonMaskable: return "NonMaskable";
    case InputKind::MachineCheck: return "MachineCheck";
    case InputKind::MediumChange: return "MediumChange";
    case InputKind::EjectButton: return "EjectButton";
    case InputKind::Entropy: return "Entropy";
    case InputKind::Pointer: return "Pointer";
  }
  return "unknown";
}

namespace {

// Bytes as a C string would show them: a trace's text must not reach a terminal raw.
std::string quoted(std::span<const u8> bytes) {
  std::string text = "\"";
  for (const u8 b : bytes) {
    if (b == '\n')
      text += "\\n";
    else if (b == '\r')
      text += "\\r";
    else if (b == '"' || b == '\\') {
      text += '\\';
      text += static_cast<char>(b);
    } else if (b >= 0x20 && b < 0x7f)
      text += static_cast<char>(b);
    else
      text += fmt::format("\\x{:02x}", b);
  }
  return text + "\"";
}

std::string quoted(const std::string& s) { return quoted({reinterpret_cast<const u8*>(s.data()), s.size()}); }

}  // namespace

std::string to_string(const Arrival& a) {
  std::string text = fmt::format("{:>14} ns  {:>14} retired  {}", a.at.now.value, a.at.retired, name(a.kind));
  if (const auto serial = read_serial(a))
    return text + fmt::format(" stream {} {}", serial->stream, quoted(serial->bytes));
  if (const auto start = read_rtc_start(a)) return text + fmt::format(" {} s since 1970-01-01", *start);
  if (const auto id = read_id(a)) return text + " " + quoted(*id);
  if (const auto dimm = read_dimm(a)) {
    return text + fmt::format(" {} slot {} at {:#x} size {}M node {}", quoted(dimm->id), dimm->slot, dimm->base.value,
                              dimm->size / kMiB, dimm->node);
  }
  if (const auto p = read_pointer(a))
    return text + fmt::format(" by {}, {}, wheel {}, buttons {:#x}", p->dx, p->dy, p->dz, p->buttons);
  if (const auto error = read_machine_check(a)) {
    return text + fmt::format(" processor {} bank {} status {:#x} global status {:#x} address {:#x} misc {:#x}",
                              error->processor, error->bank, error->status, error->global_status, error->address, error->misc);
  }
  if (const auto change = read_medium_change(a)) {
    if (change->medium.number == 0) return text + " " + quoted(change->drive) + " empty";
    return text + fmt::format(" {} medium {} of {} sectors{} from {}", quoted(change->drive), change->medium.number,
                              change->medium.sectors, change->medium.read_only ? ", read-only," : "",
                              quoted(change->medium.name));
  }
  if (a.kind == InputKind::Reset) return text + (a.payload == std::vector<u8>{1} ? " by the guest" : " by the monitor");
  if (a.kind == InputKind::Key) {
    for (const u8 code : a.payload) text += fmt::format(" {:02x}", code);
    return text;
  }
  return a.payload.empty() ? text : text + " " + quoted(a.payload);
}

}  // namespace paemu::arrival
