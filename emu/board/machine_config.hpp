// MachineConfig and Images: all that a run derives from. Both are written whole into a trace.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/fields.hpp"
#include "base/types.hpp"
#include "board/drive_spec.hpp"
#include "board/virtio_spec.hpp"
#include "cpu/topology.hpp"
#include "memory/dimm.hpp"

namespace paemu {

enum class Display : u8 {
  kNone,
  kStandard,  // QEMU's -vga std
  kLast = kStandard,
};

struct MachineConfig {
  u64 ram_size = kGiB;     // boot RAM in bytes
  u32 slots = 8;           // hotplug slots
  u64 maxmem = 16 * kGiB;  // boot RAM plus hotplug window, bytes
  u32 physical_bits = 36;  // 32 to 40
  std::string cpu_model = "coreduo";
  Topology topology;
  std::string append;           // kernel command line
  std::vector<DimmSpec> dimms;  // hotplug DIMMs present at start
  u32 numa_nodes = 1;
  std::vector<u8> uuid;    // 16 bytes as they are printed, or empty: none
  bool reboot = true;      // false: a guest reset ends the run (-no-reboot)
  u32 debug_console = 0;   // port of the debug console whose bytes are a stream; 0: none
  u32 debug_exit = 0x501;  // first of the debug-exit ports
  u32 debug_exit_ports = 4;
  std::vector<VirtioSpec> virtio;
  Display display = Display::kStandard;   // -vga
  u64 checkpoint_interval = 200'000'000;  // least instructions between state hashes of a trace; 0: one, at the end
  // -boot: letters a, c and d in the order to try; empty: the firmware's own. boot_once: until the first reset.
  std::string boot_order, boot_once;
  bool boot_menu = false;
  bool graphics = true;           // false: firmware that can shows its text on the first serial port (-nographic)
  std::vector<DriveSpec> drives;  // ids are unique, and so are bus and index
  // A field more or less: bump abi::trace::kVersion.
  FIELDS(ram_size, slots, maxmem, physical_bits, cpu_model, topology, append, dimms, numa_nodes, uuid, reboot, display,
         debug_console, debug_exit, debug_exit_ports, virtio, checkpoint_interval, boot_order, boot_once, boot_menu,
         graphics, drives)
};

// The virtio functions in the order in which they get their places: -device's, then a disk each -drive if=virtio.
inline std::vector<VirtioSpec> virtio_functions(const MachineConfig& config) {
  std::vector<VirtioSpec> specs = config.virtio;
  for (const DriveSpec& drive : config.drives) {
    if (drive.bus == DriveBus::kVirtio) specs.push_back({.kind = VirtioSpec::Kind::kBlock, .drive = drive.id});
  }
  return specs;
}

// The files that a run derives from, by content.
struct Images {
  std::vector<u8> firmware;
  std::vector<u8> kernel;              // empty: none
  std::vector<u8> initrd;              // empty: none
  std::vector<u8> vga_rom;             // the display's option ROM; empty: none
  std::shared_ptr<MediumStore> media;  // by the numbers in MachineConfig::drives; nullptr: there are no drives
};

}  // namespace paemu
