// What is on the PCI bus.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "monitor/handlers.hpp"
#include "monitor/monitor.hpp"

namespace paemu::monitor {
namespace {

// PCI Local Bus Specification 3.0, appendix D; the words are QEMU's.
struct Class {
  u16 code;
  const char* words;
};
constexpr Class kClasses[] = {{0x0100, "SCSI controller"}, {0x0101, "IDE controller"}, {0x0300, "VGA controller"},
                              {0x0600, "Host bridge"},     {0x0601, "ISA bridge"},     {0x0680, "Bridge"}};

Json describe(const PciInfo& f) {
  Json regions = Json::array();
  for (const PciInfo::Region& r : f.regions) {
    Json region = {{"bar", r.bar}, {"type", r.ports ? "io" : "memory"}, {"address", r.base}, {"size", r.size}};
    if (!r.ports) region["mem_type_64"] = false, region["prefetch"] = false;
    regions.push_back(std::move(region));
  }
  Json info = {{"class", f.class_code}};
  const auto found =
      std::find_if(std::begin(kClasses), std::end(kClasses), [&](const Class& c) { return c.code == f.class_code; });
  if (found != std::end(kClasses)) info["desc"] = found->words;
  Json id = {{"device", f.device_id}, {"vendor", f.vendor}};
  if (f.subsystem_vendor != 0) id["subsystem"] = f.subsystem, id["subsystem-vendor"] = f.subsystem_vendor;
  Json result = {{"bus", 0}, {"slot", f.device}, {"function", f.function},     {"class_info", info},
                 {"id", id}, {"qdev_id", ""},    {"irq_pin", f.interrupt_pin}, {"regions", regions}};
  if (f.interrupt_pin != 0) result["irq"] = f.interrupt_line;
  return result;
}

}  // namespace

Reply handle::query_pci(Monitor& m, const Json&) {
  Json devices = Json::array();
  for (const PciInfo& f : m.machine().pci_functions()) devices.push_back(describe(f));
  return Json::array({{{"bus", 0}, {"devices", devices}}});
}

std::string show::pci(const Json& r) {
  std::string text;
  for (const Json& d : r[0]["devices"]) {
    const Json& id = d["id"];
    const u32 code = d["class_info"]["class"].get<u32>();
    text += fmt::format("{}  Bus  0, device {:3}, function {}:\n", text.empty() ? "" : "\n", d["slot"].get<u32>(),
                        d["function"].get<u32>());
    text +=
        fmt::format("    {}: PCI device {:04x}:{:04x}", d["class_info"].value("desc", fmt::format("Class {:04}", code)),
                    id["vendor"].get<u32>(), id["device"].get<u32>());
    if (id.contains("subsystem"))
      text += fmt::format("\n      PCI subsystem {:04x}:{:04x}", id["subsystem-vendor"].get<u32>(),
                          id["subsystem"].get<u32>());
    if (d.contains("irq"))
      text += fmt::format("\n      IRQ {}, pin {:c}", d["irq"].get<u32>(),
                          static_cast<char>('A' + d["irq_pin"].get<int>() - 1));
    for (const Json& region : d["regions"]) {
      const u64 base = region["address"].get<u64>(), last = base + region["size"].get<u64>() - 1;
      const u32 bar = region["bar"].get<u32>();
      text += region["type"] == "io"
                  ? fmt::format("\n      BAR{}: I/O at 0x{:04x} [0x{:04x}].", bar, base, last)
                  : fmt::format("\n      BAR{}: 32 bit memory at 0x{:08x} [0x{:08x}].", bar, base, last);
    }
  }
  return text;
}

}  // namespace paemu::monitor
