#include "board/storage.hpp"

#include "abi/ports.hpp"

namespace paemu {

Storage::Storage(const MachineConfig& config, MediumStore* media, TrayListener& tray, PhysicalMemory& memory,
                 EventQueue& events, const VirtualClock& clock)
    : specs_(config.drives), ide_(memory), dma_(memory), floppy_(events, clock, dma_) {
  for (const DriveSpec& spec : specs_) {
    drives_.push_back(std::make_unique<Drive>(spec.id, media));
    Drive& drive = *drives_.back();
    drive.insert(spec.medium);
    if (spec.bus == DriveBus::kFloppy && spec.index < I82077::kDrives) floppy_.attach(spec.index, drive);
    if (spec.bus != DriveBus::kIde || spec.index >= kIdeDrives) continue;
    const std::string name = kAtaNames[spec.index].device;
    AtaDevice* device = nullptr;
    if (spec.kind == DriveKind::kCdrom) {
      drive.give_tray(tray);
      cds_[spec.index] = std::make_unique<AtapiCd>(name, drive, spec.serial, events, clock);
      device = cds_[spec.index].get();
    } else {
      disks_[spec.index] = std::make_unique<AtaDisk>(name, drive, spec.serial, events, clock);
      device = disks_[spec.index].get();
    }
    ide_.attach(spec.index / 2, spec.index % 2, *device);
  }
}

void Storage::connect(PciBus& pci, LineInput& isa) {
  ide_.irq(0).connect(isa, abi::irq::kIde1);
  ide_.irq(1).connect(isa, abi::irq::kIde2);
  floppy_.irq.connect(isa, abi::irq::kFloppy);
  pci.connect(1, 1, ide_);
}

void Storage::map_ports(PortBus& ports) {
  namespace port = abi::port;
  ports.map(port::kIde1, Piix3Ide::kCommandPorts, ide_.command_ports(0));
  ports.map(port::kIde2, Piix3Ide::kCommandPorts, ide_.command_ports(1));
  ports.map(port::kDma1, 16, dma_.first_ports(), PortWidth::k8);
  ports.map(port::kDma2, 32, dma_.second_ports(), PortWidth::k8);
  ports.map(port::kDmaPages, 15, dma_.page_ports(), PortWidth::k8);
  ports.map(port::kFloppy, 6, floppy_, PortWidth::k8);
  ports.map(port::kFloppyChange, 1, floppy_.change_port(), PortWidth::k8);
  ports.map(port::kIde1Control, 1, ide_.control_port(0), PortWidth::k8);
  ports.map(port::kIde2Control, 1, ide_.control_port(1), PortWidth::k8);
}

void Storage::reset() {
  ide_.reset();
  dma_.reset();
  floppy_.reset();
}

Drive* Storage::find(const std::string& id) const {
  for (const auto& drive : drives_)
    if (drive->id() == id) return drive.get();
  return nullptr;
}

void Storage::set_journal(DiskJournal* journal) {
  for (const auto& drive : drives_) drive->set_journal(journal);
}

Or<Drive*> Storage::removable(const std::string& id) const {
  for (usize i = 0; i < specs_.size(); ++i) {
    if (specs_[i].id != id) continue;
    if (!specs_[i].removable()) return fail("drive \"" + id + "\" has a medium that can't be taken out");
    return drives_[i].get();
  }
  return fail("there is no drive \"" + id + "\"");
}

Or<> Storage::change_medium(const std::string& drive, const MediumSpec& medium) {
  Drive* const found = TRY(removable(drive));
  for (const auto& other : drives_) {
    if (medium.number != 0 && other->state().medium.number == medium.number)
      return fail("its medium is in drive \"" + other->id() + "\"");
  }
  if (medium.number == 0)
    found->eject();
  else
    found->insert(medium);
  return {};
}

Or<> Storage::press_eject(const std::string& drive) {
  Drive* const found = TRY(removable(drive));
  found->request_eject();
  return {};
}

}  // namespace paemu
