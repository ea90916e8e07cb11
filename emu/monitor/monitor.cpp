#include "monitor/monitor.hpp"

#include "monitor/handlers.hpp"

namespace paemu::monitor {

const Dimm* Monitor::user_of(const std::string& backend) {
  for (const auto& dimm : machine().dimms())
    if (dimm->spec().memdev == backend) return dimm.get();
  return nullptr;
}

bool Monitor::present_at_start(const std::string& dimm) {
  for (const DimmSpec& spec : machine().config().dimms)
    if (spec.id == dimm) return true;
  return false;
}

std::string Monitor::removal_state(const std::string& dimm) const {
  const auto removal = removals_.find(dimm);
  return removal == removals_.end() ? "in use" : removal->second;
}

OstReport Monitor::last_ost(u32 slot) const {
  const auto report = reports_.find(slot);
  return report == reports_.end() ? OstReport{} : report->second;
}

void Monitor::on_event(const MachineEvent& event) {
  using Kind = MachineEvent::Kind;
  if (event.kind == Kind::DeviceDeleted) {
    removals_.erase(event.device);
    const auto backend = backends_.find("mem-" + event.device);
    if (backend != backends_.end() && backend->second.automatic) backends_.erase(backend);
  } else if (event.kind == Kind::AcpiDeviceOst) {
    reports_[event.slot] = {event.source, event.status};
    if (!event.device.empty() && ost_refuses_ejection(event.source, event.status))
      removals_[event.device] = "refused" + (event.message.empty() ? "" : ": " + event.message);
  } else if (event.kind == Kind::Reset) {
    removals_.clear();
    reports_.clear();
  }
  // A listener may go while it is told.
  const std::vector<Listener*> listeners = listeners_;
  for (Listener* listener : listeners) listener->on_event(event);
}

}  // namespace paemu::monitor
