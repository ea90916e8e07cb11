#include "board/virtio_slots.hpp"

#include <algorithm>

namespace paemu {

namespace {

// Device 2 is where PCs of this board have their display.
constexpr u32 kFirstDevice = 3, kDevices = 32;

const char* kind_name(VirtioSpec::Kind kind) {
  switch (kind) {
    case VirtioSpec::Kind::kRng: return "virtio-rng";
    case VirtioSpec::Kind::kConsole: return "virtio-serial";
    case VirtioSpec::Kind::kBlock: return "virtio-blk";
  }
  return "virtio";
}

Or<u32> choose_device(const VirtioSpec& spec, const PciBus& pci) {
  if (spec.device == kAnyPciDevice) {
    for (u32 device = kFirstDevice; device < kDevices; ++device) {
      if (!pci.occupied(device)) return device;
    }
    return fail("there is no free PCI slot for " + std::string(kind_name(spec.kind)));
  }
  if (spec.device < kDevices && !pci.occupied(spec.device)) return spec.device;
  return fail(std::string(kind_name(spec.kind)) + ": PCI slot " + std::to_string(spec.device) +
              (spec.device < kDevices ? " is taken" : " is not there: there are 32"));
}

}  // namespace

Or<> VirtioSlots::add(const MachineConfig& config, const Wiring& wiring) {
  const std::vector<VirtioSpec> specs = virtio_functions(config);
  // Those that name their slot come first: the others take what is left.
  for (const bool chosen : {true, false}) {
    for (const VirtioSpec& spec : specs) {
      if ((spec.device != kAnyPciDevice) == chosen) TRY(add(spec, config.drives, wiring));
    }
  }
  return {};
}

Or<std::unique_ptr<VirtioDevice>> VirtioSlots::make_disk(const std::string& id, const std::vector<DriveSpec>& drives,
                                                         const Wiring& wiring) {
  const auto named = [&](const DriveSpec& d) { return d.id == id; };
  const auto spec = std::find_if(drives.begin(), drives.end(), named);
  Drive* drive = wiring.drive(id);
  if (spec == drives.end() || drive == nullptr)
    return fail("virtio-blk: there is no drive \"" + id + "\"; -drive if=none,id=ID,file=PATH makes one");
  if (spec->kind != DriveKind::kDisk) return fail("virtio-blk: drive \"" + id + "\" is no disk");
  const bool elsewhere = spec->bus != DriveBus::kNone && spec->bus != DriveBus::kVirtio;
  if (elsewhere || std::find(disks_.begin(), disks_.end(), id) != disks_.end())
    return fail("virtio-blk: drive \"" + id + "\" is in use" + (elsewhere ? "; give it if=none" : ""));
  disks_.push_back(id);
  return std::unique_ptr<VirtioDevice>(std::make_unique<VirtioBlk>(*drive, spec->serial));
}

Or<> VirtioSlots::add(const VirtioSpec& spec, const std::vector<DriveSpec>& drives, const Wiring& wiring) {
  if (!spec.legacy && !spec.modern)
    return fail(std::string(kind_name(spec.kind)) + ": it is neither legacy nor modern, so no driver would find it");
  const u32 device = TRY(choose_device(spec, wiring.pci));
  Slot slot;
  slot.name = std::string(kind_name(spec.kind)) + std::to_string(slots_.size());
  slot.config_name = slot.name + "-config";
  slot.msix_name = slot.name + "-msix";
  slot.device_name = slot.name + "-device";
  if (spec.kind == VirtioSpec::Kind::kRng) {
    auto rng = std::make_unique<VirtioRng>();
    slot.rng = rng.get();
    slot.device = std::move(rng);
  } else if (spec.kind == VirtioSpec::Kind::kConsole) {
    auto console = std::make_unique<VirtioConsole>(stream::kVirtioConsoles + consoles_++, wiring.sink);
    slot.console = console.get();
    slot.device = std::move(console);
  } else {
    slot.device = TRY(make_disk(spec.drive, drives, wiring));
  }
  const VirtioDrivers drivers = !spec.legacy  ? VirtioDrivers::kModernOnly
                                : spec.modern ? VirtioDrivers::kAll
                                              : VirtioDrivers::kLegacyOnly;
  slot.function = std::make_unique<VirtioPci>(slot.name, *slot.device, drivers, wiring.memory, wiring.events,
                                              wiring.clock, wiring.messages);
  wiring.pci.connect(device, 0, *slot.function);
  slot.function->irq.connect(wiring.pci, PciBus::interrupt_pin(device, 0));
  slots_.push_back(std::move(slot));
  return {};
}

void VirtioSlots::reset() {
  for (Slot& slot : slots_) slot.function->reset();
}

VirtioConsole* VirtioSlots::console(u32 stream) const {
  if (stream < stream::kVirtioConsoles) return nullptr;
  u32 left = stream - stream::kVirtioConsoles;
  for (const Slot& slot : slots_) {
    if (slot.console != nullptr && left-- == 0) return slot.console;
  }
  return nullptr;
}

void VirtioSlots::receive(u32 stream, std::span<const u8> bytes) {
  if (VirtioConsole* found = console(stream); found != nullptr) found->receive(bytes);
}

u32 VirtioSlots::space(u32 stream) const {
  const VirtioConsole* found = console(stream);
  return found != nullptr ? found->space() : 0;
}

Or<> VirtioSlots::seed(const ChaChaKey& key) {
  u64 count = 0;
  for (Slot& slot : slots_) {
    if (slot.rng == nullptr) continue;
    // Each its own stream.
    const ChaChaBlock block = chacha20_block(key, count++);
    ChaChaKey own;
    std::copy_n(block.begin(), own.size(), own.begin());
    slot.rng->seed(own);
  }
  if (count == 0) return fail("there is no random number generator");
  return {};
}

}  // namespace paemu
