// Commands about DIMMs and the memory behind them. Everything is checked before anything changes.
#include <nlohmann/json.hpp>

#include "base/size_text.hpp"
#include "monitor/handlers.hpp"
#include "replay/arrival.hpp"

namespace paemu::monitor::handle {
namespace {

constexpr usize kMaxIdLength = 100;
constexpr usize kMaxBackends = 1024;

// QEMU's rule for ids: a letter, then letters, digits, '-', '.' and '_'.
base::Or<> check_id(const std::string& id) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  bool good = !id.empty() && id.size() <= kMaxIdLength && letter(id[0]);
  for (const char c : id) good &= letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  if (good) return {};
  return base::fail("\"" + id +
                    "\" is no id: it begins with a letter, then come letters, digits, '-', '.' or '_', at most " +
                    std::to_string(kMaxIdLength));
}

const Dimm* find_dimm(Monitor& m, const std::string& id) {
  for (const auto& dimm : m.machine().dimms())
    if (dimm->spec().id == id) return dimm.get();
  return nullptr;
}

// Slot, address and node as the arguments give them; what they leave open is for plan_insert().
base::Or<DimmSpec> wanted_dimm(const Json& a) {
  DimmSpec spec;
  spec.id = a.value("id", "");
  const u64 slot = a.value("slot", u64{~0u}), node = a.value("node", u64{0});
  if (slot != ~0u && slot > 255) return base::fail("slot " + std::to_string(slot) + " is beyond 255");
  if (node > 63) return base::fail("node " + std::to_string(node) + " is beyond 63");
  spec.slot = static_cast<u32>(slot);
  spec.node = static_cast<u32>(node);
  spec.base = GuestPhys{a.value("addr", ~u64{0})};
  return spec;
}

Reply ask_to_release(Monitor& m, const std::string& id) {
  if (find_dimm(m, id) == nullptr) return device_not_found(id);
  TRY(m.machine().check_eject(id));
  m.removal_asked(id);
  TRY(m.control().submit(arrival::dimm_eject_request(id)));
  return Json::object();
}

// What can fail after the plan is the host alone.
base::Or<> insert(Monitor& m, const DimmSpec& spec) {
  TRY(m.control().submit(arrival::dimm_insert(spec)));
  if (find_dimm(m, spec.id) != nullptr) return {};
  return base::fail("the host has no address space left for " + base::size_text(spec.size));
}

std::string address_text(u64 address) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(address));
  return text;
}

}  // namespace

Reply object_add(Monitor& m, const Json& a) {
  const std::string type = a["qom-type"], id = a["id"];
  if (type != "memory-backend-ram") return base::fail("invalid object type: " + type);
  TRY(check_id(id));
  if (m.backends().contains(id))
    return base::fail("attempt to add duplicate property '" + id + "' to object (type 'container')");
  if (m.backends().size() >= kMaxBackends)
    return base::fail("there are " + std::to_string(kMaxBackends) + " memory backends already");
  u64 size = a.value("size", u64{0});
  // Clients of before QEMU 6 nest the rest.
  if (a.contains("props") && a["props"].is_object() && a["props"].contains("size")) {
    if (!a["props"]["size"].is_number_unsigned())
      return base::fail("Invalid parameter type for 'size', expected: integer");
    size = a["props"]["size"];
  }
  if (size == 0) return base::fail("property 'size' of memory-backend-ram doesn't take value '0'");
  m.backends()[id] = {.size = size};
  return Json::object();
}

Reply object_del(Monitor& m, const Json& a) {
  const std::string id = a["id"];
  const auto backend = m.backends().find(id);
  if (backend == m.backends().end()) return base::fail("object '" + id + "' not found");
  if (backend->second.boot || m.user_of(id) != nullptr)
    return base::fail("object '" + id + "' is in use, can not be deleted");
  m.backends().erase(backend);
  return Json::object();
}

Reply device_add(Monitor& m, const Json& a) {
  const std::string driver = a["driver"], memdev = a.value("memdev", "");
  if (driver != "pc-dimm") return base::fail("'" + driver + "' is not a valid device model name");
  if (memdev.empty()) return base::fail("'memdev' property is not set");
  const auto backend = m.backends().find(memdev);
  if (backend == m.backends().end()) return device_not_found(memdev);
  if (backend->second.boot || m.user_of(memdev) != nullptr)
    return base::fail("can't use already busy memdev: " + memdev);
  DimmSpec spec = TRY(wanted_dimm(a));
  if (!spec.id.empty()) TRY(check_id(spec.id));
  if (find_dimm(m, spec.id) != nullptr) return base::fail("Duplicate device ID '" + spec.id + "'");
  spec.memdev = memdev;
  spec.size = backend->second.size;
  spec = TRY(m.machine().plan_insert(std::move(spec)));
  TRY(insert(m, spec));
  return Json::object();
}

Reply device_del(Monitor& m, const Json& a) { return ask_to_release(m, a["id"]); }

Reply dimm_add(Monitor& m, const Json& a) {
  DimmSpec spec = TRY(wanted_dimm(a));
  if (!spec.id.empty()) TRY(check_id(spec.id));
  spec.size = a["size"];
  spec = TRY(m.machine().plan_insert(std::move(spec)));
  spec.memdev = "mem-" + spec.id;
  if (m.backends().contains(spec.memdev))
    return base::fail("the memory backend " + spec.memdev + " exists already; use device_add");
  const std::string text = spec.id + ": " + base::size_text(spec.size) + " in slot " + std::to_string(spec.slot) +
                           " at " + address_text(spec.base.value);
  TRY(insert(m, spec));
  m.backends()[spec.memdev] = {.size = spec.size, .automatic = true};
  return Json(text);
}

Reply dimm_remove(Monitor& m, const Json& a) {
  const std::string id = a["id"];
  if (Reply reply = ask_to_release(m, id); !reply.ok()) return reply;
  return Json(id + ": asked the guest to release it");
}

Reply dimm_pull(Monitor& m, const Json& a) {
  const std::string id = a["id"];
  const Dimm* dimm = find_dimm(m, id);
  if (dimm == nullptr) return device_not_found(id);
  if (dimm->spec().socket == Socket::Boot) return base::fail(id + " is boot RAM, which can't be taken out");
  TRY(m.control().submit(arrival::dimm_surprise_pull(id)));
  return Json(id + ": pulled without asking the guest");
}

Reply dimm_list(Monitor& m, const Json&) {
  Json list = Json::array();
  for (const auto& dimm : m.machine().dimms()) {
    const DimmSpec& spec = dimm->spec();
    const bool boot = spec.socket == Socket::Boot;
    list.push_back({{"id", spec.id},
                    {"slot", boot ? "-" : std::to_string(spec.slot)},
                    {"size", spec.size},
                    {"base", spec.base.value},
                    {"node", spec.node},
                    {"state", boot ? "boot" : m.removal_state(spec.id)}});
  }
  return list;
}

Reply query_memory_devices(Monitor& m, const Json&) {
  Json list = Json::array();
  for (const auto& dimm : m.machine().dimms()) {
    const DimmSpec& spec = dimm->spec();
    if (spec.socket != Socket::Hotplug) continue;
    list.push_back({{"type", "dimm"},
                    {"data",
                     {{"id", spec.id},
                      {"addr", spec.base.value},
                      {"slot", spec.slot},
                      {"node", spec.node},
                      {"size", spec.size},
                      {"memdev", "/objects/" + spec.memdev},
                      {"hotpluggable", true},
                      {"hotplugged", !m.present_at_start(spec.id)}}}});
  }
  return list;
}

Reply query_memory_size_summary(Monitor& m, const Json&) {
  u64 boot = 0, plugged = 0;
  for (const auto& dimm : m.machine().dimms())
    (dimm->spec().socket == Socket::Boot ? boot : plugged) += dimm->spec().size;
  return Json{{"base-memory", boot}, {"plugged-memory", plugged}};
}

Reply query_memdev(Monitor& m, const Json&) {
  Json list = Json::array();
  for (const auto& [id, backend] : m.backends())
    list.push_back({{"id", id},
                    {"size", backend.size},
                    {"merge", false},
                    {"dump", true},
                    {"prealloc", false},
                    {"share", false},
                    {"reserve", false},
                    {"host-nodes", Json::array()},
                    {"policy", "default"}});
  return list;
}

Reply query_acpi_ospm_status(Monitor& m, const Json&) {
  Json list = Json::array();
  for (u32 slot = 0; slot < m.machine().config().slots; ++slot) {
    const OstReport report = m.last_ost(slot);
    Json row{
        {"slot", std::to_string(slot)}, {"slot-type", "DIMM"}, {"source", report.source}, {"status", report.status}};
    for (const auto& dimm : m.machine().dimms())
      if (dimm->spec().socket == Socket::Hotplug && dimm->spec().slot == slot) row["device"] = dimm->spec().id;
    list.push_back(std::move(row));
  }
  return list;
}

}  // namespace paemu::monitor::handle
