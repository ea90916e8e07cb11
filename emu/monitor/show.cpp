// How HMP shows the results of commands; the layouts of commands that QEMU has are QEMU's.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/size_text.hpp"
#include "monitor/handlers.hpp"

namespace paemu::monitor::show {

std::string nothing(const Json&) { return {}; }

std::string text(const Json& result) {
  std::string text = result.is_string() ? result.get<std::string>() : result.dump();
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

std::string status(const Json& r) {
  const std::string state = r["status"];
  return "VM status: " + (state == "prelaunch" ? "paused (prelaunch)" : state);
}

std::string version(const Json& r) { return r["package"].get<std::string>() + ", speaks the QMP of QEMU 7.2.0"; }
std::string machine_name(const Json& r) { return r["name"]; }
std::string kvm(const Json&) { return "kvm support: not compiled"; }

std::string chardevs(const Json& r) {
  std::string text;
  for (const Json& d : r)
    text += fmt::format("{}{}: filename={}", text.empty() ? "" : "\n", d["label"].get<std::string>(),
                        d["filename"].get<std::string>());
  return text;
}

std::string mice(const Json& r) {
  std::string text;
  for (const Json& mouse : r)
    text += fmt::format("{}* Mouse #{}: {}", text.empty() ? "" : "\n", mouse["index"].get<int>(),
                        mouse["name"].get<std::string>());
  return text;
}

std::string memory_size(const Json& r) {
  return fmt::format("base memory: {}\nplugged memory: {}", r["base-memory"].get<u64>(),
                     r["plugged-memory"].get<u64>());
}

std::string memory_devices(const Json& r) {
  std::string text;
  for (const Json& device : r) {
    const Json& d = device["data"];
    text += fmt::format(
        "{}Memory device [dimm]: \"{}\"\n  addr: {:#x}\n  slot: {}\n  node: {}\n  size: {}\n  memdev: {}\n  "
        "hotplugged: {}\n  hotpluggable: {}",
        text.empty() ? "" : "\n", d["id"].get<std::string>(), d["addr"].get<u64>(), d["slot"].get<u64>(),
        d["node"].get<u64>(), d["size"].get<u64>(), d["memdev"].get<std::string>(), d["hotplugged"].get<bool>(),
        d["hotpluggable"].get<bool>());
  }
  return text;
}

std::string blocks(const Json& r) {
  std::string text;
  for (const Json& b : r) {
    text += fmt::format("{}{}: ", text.empty() ? "" : "\n", b["device"].get<std::string>());
    if (b.contains("inserted")) {
      const Json& i = b["inserted"];
      text += fmt::format("{} ({}{}), {} bytes", i["file"].get<std::string>(), i["drv"].get<std::string>(),
                          i["ro"].get<bool>() ? ", read-only" : "", i["image"]["virtual-size"].get<u64>());
    } else {
      text += "[not inserted]";
    }
    if (!b["removable"].get<bool>()) continue;
    text += fmt::format("\n    Removable device: {}locked", b["locked"].get<bool>() ? "" : "not ");
    if (b.contains("tray_open")) text += b["tray_open"].get<bool>() ? ", tray open" : ", tray closed";
  }
  return text;
}

std::string block_stats(const Json& r) {
  std::string text;
  for (const Json& b : r) {
    const Json& s = b["stats"];
    text += fmt::format("{}{}:", text.empty() ? "" : "\n", b["device"].get<std::string>());
    for (const auto& [name, value] : s.items()) text += fmt::format(" {}={}", name, value.get<u64>());
  }
  return text;
}

std::string backends(const Json& r) {
  std::string text;
  for (const Json& b : r)
    text += fmt::format("{}memory backend: {}\n  size: {}", text.empty() ? "" : "\n", b["id"].get<std::string>(),
                        b["size"].get<u64>());
  return text;
}

std::string ospm(const Json& r) {
  std::string text;
  for (const Json& slot : r)
    text += fmt::format("{}slot {}: {}, source {:#x}, status {}", text.empty() ? "" : "\n",
                        slot["slot"].get<std::string>(), slot.value("device", "empty"), slot["source"].get<u32>(),
                        ost_status_text(slot["source"], slot["status"]));
  return text;
}

std::string dimms(const Json& r) {
  usize width = 4;
  for (const Json& d : r) width = std::max(width, d["id"].get<std::string>().size());
  std::string text = fmt::format("{:<{}}  SLOT    SIZE  BASE          NODE  STATE", "ID", width);
  for (const Json& d : r)
    text += fmt::format("\n{:<{}}  {:>4}  {:>6}  {:#012x}  {:>4}  {}", d["id"].get<std::string>(), width,
                        d["slot"].get<std::string>(), base::size_text(d["size"]), d["base"].get<u64>(),
                        d["node"].get<u32>(), d["state"].get<std::string>());
  return text;
}

}  // namespace paemu::monitor::show
