// Machine events as QMP clients and as people hear of them. Shapes: QEMU's qapi/run-state.json, acpi.json, qdev.json.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "monitor/handlers.hpp"

namespace paemu::monitor {
namespace {

using Kind = MachineEvent::Kind;

// Source events of _OST for an ejection: 3 when asked by Notify, 0x103 when begun by the guest (ACPI 6.4, table 6.17).
constexpr u32 kEjectRequest = 3, kEjectProcessing = 0x103;
constexpr u32 kInProgress = 0x84;

std::string hex(u32 value) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%x", value);
  return text;
}

// The first reason given is the app's; the machine's own resets come from the guest.
std::string reset_reason(const MachineEvent& event) {
  if (!event.message.empty()) return event.message;
  return event.guest ? "guest-reset" : "host-qmp-system-reset";
}

}  // namespace

bool ost_refuses_ejection(u32 source, u32 status) {
  return (source == kEjectRequest || source == kEjectProcessing) && status != 0 && status != kInProgress;
}

std::string ost_status_text(u32 source, u32 status) {
  const bool ejection = source == kEjectRequest || source == kEjectProcessing;
  const char* meaning = nullptr;
  if (status == 0)
    meaning = "success";
  else if (status == 1)
    meaning = "failure";
  else if (status == 2)
    meaning = "unrecognized notification";
  else if (ejection && status == 0x80)
    meaning = "in use by an application";
  else if (ejection && status == 0x81)
    meaning = "in use";
  else if (ejection && status == 0x82)
    meaning = "busy";
  else if (ejection && status == 0x83)
    meaning = "something that it depends on is busy";
  else if (ejection && status == kInProgress)
    meaning = "in progress";
  else if (status == 0x80)
    meaning = "insertion in progress";
  else if (status == 0x81)
    meaning = "the driver did not load";
  else if (status == 0x82)
    meaning = "not supported by the system";
  return hex(status) + (meaning != nullptr ? std::string(" (") + meaning + ")" : "");
}

Json event_json(const MachineEvent& event, i64 wall_clock_us) {
  Json data = Json::object();
  const char* name = "";
  const std::string path = "/machine/peripheral/" + event.device;
  switch (event.kind) {
    case Kind::Stop: name = "STOP"; break;
    case Kind::Resume: name = "RESUME"; break;
    case Kind::PowerDown: name = "POWERDOWN"; break;
    case Kind::Reset:
      name = "RESET";
      data = {{"guest", event.guest}, {"reason", reset_reason(event)}};
      break;
    case Kind::Shutdown:
      name = "SHUTDOWN";
      data = {{"guest", event.guest}, {"reason", event.message.empty() ? "guest-shutdown" : event.message}};
      break;
    case Kind::DeviceDeleted:
      name = "DEVICE_DELETED";
      data = {{"device", event.device}, {"path", path}};
      break;
    case Kind::UnplugGuestError:
      name = "DEVICE_UNPLUG_GUEST_ERROR";
      data = {{"device", event.device}, {"path", path}};
      break;
    case Kind::TrayMoved:  // shape: QEMU's qapi/block.json
      name = "DEVICE_TRAY_MOVED";
      data = {{"device", event.device}, {"id", event.device}, {"tray-open", event.open}};
      break;
    case Kind::AcpiDeviceOst: {
      name = "ACPI_DEVICE_OST";
      Json info{{"slot", std::to_string(event.slot)},
                {"slot-type", "DIMM"},
                {"source", event.source},
                {"status", event.status}};
      if (!event.device.empty()) info["device"] = event.device;
      data = {{"info", std::move(info)}};
      break;
    }
  }
  Json json{{"event", name},
            {"timestamp", {{"seconds", wall_clock_us / 1'000'000}, {"microseconds", wall_clock_us % 1'000'000}}}};
  if (!data.empty()) json["data"] = std::move(data);
  return json;
}

std::string event_text(const MachineEvent& event) {
  const std::string reason = event.message.empty() ? "" : ": " + event.message;
  switch (event.kind) {
    case Kind::DeviceDeleted: return event.device + ": released; its memory went back to the host";
    case Kind::AcpiDeviceOst: {
      if (event.device.empty()) return {};
      const std::string status = ost_status_text(event.source, event.status);
      if (ost_refuses_ejection(event.source, event.status))
        return event.device + ": the guest refused to release it, " + status + reason;
      if (event.source == kEjectRequest || event.source == kEjectProcessing)
        return event.status == kInProgress ? event.device + ": the guest is releasing it" : "";
      return event.status == 0 ? event.device + ": the guest took it into use"
                               : event.device + ": the guest did not take it into use, " + status + reason;
    }
    case Kind::Stop:
    case Kind::Resume:
    case Kind::Reset:
    case Kind::PowerDown:
    case Kind::Shutdown:
    case Kind::TrayMoved:
    case Kind::UnplugGuestError: break;  // people have heard it from the _OST before
  }
  return {};
}

}  // namespace paemu::monitor
