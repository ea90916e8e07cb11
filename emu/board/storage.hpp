// Storage: the drives of the board, the devices that they are in, and the controllers these hang on. Part of Pc.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "board/machine_config.hpp"
#include "bus/io.hpp"
#include "bus/pci.hpp"
#include "dev/ata_disk.hpp"
#include "dev/atapi_cd.hpp"
#include "dev/i82077.hpp"
#include "dev/i8237.hpp"
#include "dev/piix3_ide.hpp"
#include "memory/physical_memory.hpp"

namespace paemu {

class Storage {
 public:
  // media, tray: outlive it; no media: drives stay empty.
  Storage(const MachineConfig& config, MediumStore* media, TrayListener& tray, PhysicalMemory& memory,
          EventQueue& events, const VirtualClock& clock);

  void connect(PciBus& pci, LineInput& isa);
  void map_ports(PortBus& ports);
  void reset();

  // What the firmware finds in CMOS 0x10: the first floppy drive in the high nibble.
  u8 cmos_floppy_types() const { return static_cast<u8>(floppy_.cmos_type(0) << 4 | floppy_.cmos_type(1)); }
  // For controllers that are wired elsewhere; nullptr: there is none of this id.
  Drive* find(const std::string& id) const;
  const std::vector<std::unique_ptr<Drive>>& drives() const { return drives_; }
  void set_journal(DiskJournal* journal);
  // Errors: no such drive, or one whose medium stays.
  Or<> change_medium(const std::string& drive, const MediumSpec& medium);
  Or<> press_eject(const std::string& drive);

  template <class Visitor>
  void visit_state(Visitor&& visit) {
    visit("ide", ide_.state());
    visit("ide-config", ide_.config());
    visit("dma", dma_.state());
    visit("floppy-controller", floppy_.state());
    for (const auto& drive : drives_) visit(drive->id().c_str(), drive->state());
    for (u32 i = 0; i < kIdeDrives; ++i) {
      if (disks_[i] != nullptr) {
        visit(kAtaNames[i].registers, disks_[i]->registers());
        visit(kAtaNames[i].device, disks_[i]->state());
      }
      if (cds_[i] != nullptr) {
        visit(kAtaNames[i].registers, cds_[i]->registers());
        visit(kAtaNames[i].device, cds_[i]->state());
      }
    }
  }

 private:
  struct AtaNames {
    const char *registers, *device;
  };
  static constexpr AtaNames kAtaNames[kIdeDrives] = {
      {"ata0-registers", "ata0"}, {"ata1-registers", "ata1"}, {"ata2-registers", "ata2"}, {"ata3-registers", "ata3"}};
  Or<Drive*> removable(const std::string& id) const;

  std::vector<DriveSpec> specs_;
  std::vector<std::unique_ptr<Drive>> drives_;  // as specs_
  Piix3Ide ide_;
  I8237 dma_;
  I82077 floppy_;
  std::array<std::unique_ptr<AtaDisk>, kIdeDrives> disks_;  // by 2 * channel + unit
  std::array<std::unique_ptr<AtapiCd>, kIdeDrives> cds_;
};

}  // namespace paemu
