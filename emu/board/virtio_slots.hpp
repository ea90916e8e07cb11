// VirtioSlots: the virtio devices of a machine, each in a slot of PCI bus 0 with its transport.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "board/machine_config.hpp"
#include "dev/virtio_blk.hpp"
#include "dev/virtio_console.hpp"
#include "dev/virtio_pci.hpp"
#include "dev/virtio_rng.hpp"

namespace paemu {

class VirtioSlots final {
 public:
  // What the devices are wired to; all outlives the slots.
  struct Wiring {
    PciBus& pci;
    PhysicalMemory& memory;
    EventQueue& events;
    const VirtualClock& clock;
    ApicMessageSink& messages;
    SerialSink& sink;
    std::function<Drive*(const std::string& id)> drive;
  };

  // The devices of the configuration, and one for each of its virtio drives; after the board's own functions are on the
  // bus. Errors: no slot is free, the wanted one is not, a device that no driver would find, no disk for a virtio-blk.
  Or<> add(const MachineConfig& config, const Wiring& wiring);
  void reset();

  // What arrives. A stream or a device that is not there: ignored, or an error.
  void receive(u32 stream, std::span<const u8> bytes);
  u32 space(u32 stream) const;
  Or<> seed(const ChaChaKey& key);

  template <class Visitor>
  void visit_state(Visitor&& visit) {
    for (Slot& s : slots_) {
      visit(s.name.c_str(), s.function->state());
      visit(s.config_name.c_str(), s.function->config());
      visit(s.msix_name.c_str(), s.function->msix());
      if (s.rng != nullptr) visit(s.device_name.c_str(), s.rng->state());
      if (s.console != nullptr) visit(s.device_name.c_str(), s.console->state());
    }
  }

 private:
  struct Slot {
    std::string name, config_name, msix_name, device_name;  // of the parts of the state
    std::unique_ptr<VirtioDevice> device;
    std::unique_ptr<VirtioPci> function;
    VirtioRng* rng = nullptr;  // the device, as what it is
    VirtioConsole* console = nullptr;
  };
  Or<> add(const VirtioSpec& spec, const std::vector<DriveSpec>& drives, const Wiring& wiring);
  Or<std::unique_ptr<VirtioDevice>> make_disk(const std::string& id, const std::vector<DriveSpec>& drives,
                                              const Wiring& wiring);
  VirtioConsole* console(u32 stream) const;

  std::vector<Slot> slots_;
  std::vector<std::string> disks_;  // drives in use
  u32 consoles_ = 0;
};

}  // namespace paemu
