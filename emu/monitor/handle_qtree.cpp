// The tree of devices, by QEMU's names of models and buses.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "monitor/handlers.hpp"
#include "replay/drive.hpp"

namespace paemu::monitor {
namespace {

struct Model {
  u16 vendor, device;
  const char* name;
};
constexpr Model kModels[] = {{0x8086, 0x1237, "i440FX"},
                             {0x8086, 0x7000, "PIIX3"},
                             {0x8086, 0x7010, "piix3-ide"},
                             {0x8086, 0x7113, "PIIX4_PM"},
                             {0x1234, 0x1111, "VGA"},
                             {0x1af4, 0x1001, "virtio-blk-pci"},
                             {0x1af4, 0x1042, "virtio-blk-pci"},
                             {0x1af4, 0x1003, "virtio-serial-pci"},
                             {0x1af4, 0x1043, "virtio-serial-pci"},
                             {0x1af4, 0x1005, "virtio-rng-pci"},
                             {0x1af4, 0x1044, "virtio-rng-pci"}};

class Tree {
 public:
  void bus(u32 depth, const char* name, const char* type) {
    line(depth, fmt::format("bus: {}", name));
    line(depth + 1, fmt::format("type {}", type));
  }
  void device(u32 depth, const char* model, const std::string& id) {
    line(depth, fmt::format("dev: {}, id \"{}\"", model, id));
  }
  void line(u32 depth, const std::string& words) { text += fmt::format("{:>{}}{}\n", "", 2 * depth, words); }
  std::string text;
};

const char* drive_model(const DriveSpec& spec) {
  switch (spec.kind) {
    case DriveKind::kDisk: return "ide-hd";
    case DriveKind::kCdrom: return "ide-cd";
    case DriveKind::kFloppy: return "floppy";
  }
  return "";
}

// A drive of `bus` whose place there is `index`.
void show_drives(Tree& tree, u32 depth, const MachineConfig& config, DriveBus bus, u32 first, u32 count) {
  for (const DriveSpec& d : config.drives) {
    if (d.bus != bus || d.index < first || d.index >= first + count) continue;
    tree.device(depth, drive_model(d), d.id);
    tree.line(depth + 1, fmt::format("unit = {}", d.index - first));
    tree.line(depth + 1, fmt::format("drive = \"{}\"", d.id));
  }
}

void show_isa(Tree& tree, u32 depth, const MachineConfig& config) {
  tree.bus(depth, "isa.0", "ISA");
  for (const char* model : {"isa-i8259", "isa-pit", "mc146818rtc", "i8042", "i8257"}) tree.device(depth + 1, model, "");
  for (u32 n = 0; n < 2; ++n) {
    tree.device(depth + 1, "isa-serial", "");
    tree.line(depth + 2, fmt::format("index = {}", n));
  }
  tree.device(depth + 1, "isa-fdc", "");
  tree.bus(depth + 2, "floppy-bus.0", "floppy-bus");
  show_drives(tree, depth + 3, config, DriveBus::kFloppy, 0, kFloppyDrives);
}

// The configuration's virtio devices by their places: first those that chose one, then the others in order, as
// board/virtio_slots puts them.
const VirtioSpec* virtio_at(const std::vector<VirtioSpec>& specs, const PciInfo& f, usize& next) {
  for (const VirtioSpec& spec : specs)
    if (spec.device == f.device) return &spec;
  while (next < specs.size() && specs[next].device != kAnyPciDevice) ++next;
  return f.vendor == 0x1af4 && next < specs.size() ? &specs[next++] : nullptr;
}

void show_function(Tree& tree, u32 depth, const PciInfo& f, const VirtioSpec* virtio, const MachineConfig& config) {
  const auto model = std::find_if(std::begin(kModels), std::end(kModels),
                                  [&](const Model& m) { return m.vendor == f.vendor && m.device == f.device_id; });
  tree.device(depth, model == std::end(kModels) ? "pci-device" : model->name, virtio == nullptr ? "" : virtio->id);
  tree.line(depth + 1, fmt::format("addr = {:02x}.{:x}", f.device, f.function));
  if (virtio != nullptr && !virtio->drive.empty()) tree.line(depth + 1, fmt::format("drive = \"{}\"", virtio->drive));
  if (f.device_id == 0x7000) show_isa(tree, depth + 1, config);
  for (u32 channel = 0; channel < 2 && f.device_id == 0x7010; ++channel) {
    tree.bus(depth + 1, channel == 0 ? "ide.0" : "ide.1", "IDE");
    show_drives(tree, depth + 2, config, DriveBus::kIde, 2 * channel, 2);
  }
}

}  // namespace

Reply handle::info_qtree(Monitor& m, const Json&) {
  const MachineConfig& config = m.machine().config();
  Tree tree;
  tree.bus(0, "main-system-bus", "System");
  for (const char* model : {"hpet", "ioapic", "fw_cfg_io"}) tree.device(1, model, "");
  for (const auto& dimm : m.machine().dimms()) {
    if (dimm->spec().socket != Socket::Hotplug) continue;
    tree.device(1, "pc-dimm", dimm->spec().id);
    tree.line(2, fmt::format("slot = {}", dimm->spec().slot));
    tree.line(2, fmt::format("addr = {:#x}", dimm->spec().base.value));
  }
  tree.device(1, "i440FX-pcihost", "");
  tree.bus(2, "pci.0", "PCI");
  const std::vector<VirtioSpec> virtio = virtio_functions(config);
  usize next_virtio = 0;
  for (const PciInfo& f : m.machine().pci_functions())
    show_function(tree, 3, f, virtio_at(virtio, f, next_virtio), config);
  tree.text.pop_back();  // HMP ends the last line
  return Json(tree.text);
}

}  // namespace paemu::monitor
