#include "board/pc.hpp"

#include <algorithm>
#include <cassert>

#include "abi/acpi.hpp"
#include "abi/fw_cfg.hpp"
#include "abi/memory_map.hpp"
#include "abi/ports.hpp"
#include "base/bits.hpp"
#include "base/hex_text.hpp"
#include "board/engines.hpp"
#include "board/firmware_files.hpp"
#include "board/hotplug_plan.hpp"
#include "board/spd.hpp"
#include "cpu/cpuid.hpp"
#include "cpu/exceptions.hpp"

namespace paemu {

namespace {

namespace map = abi::memory_map;

constexpr u64 kLargestFirmware = 1 * kMiB;  // ends at 4 GiB, above the local APIC
constexpr u64 kLargestOptionRom = 64 * kKiB;

}  // namespace

// --- Building.

Or<std::unique_ptr<Pc>> Pc::create(const MachineConfig& config, const Images& images, SerialSink& serial, Log& log,
                                   PcListener& listener, const EngineOptions& engine) {
  TRY(check_memory_config(config));
  TRY(check_drives(config.drives));
  const CpuModel model = TRY(CpuModel::parse(config.cpu_model, config.physical_bits));
  std::unique_ptr<Pc> pc(new Pc(config, model, images.media.get(), serial, log, listener, engine));
  TRY(pc->install_memory(config, images));
  pc->install_firmware_items(config, images);
  TRY(pc->install_display(config, images));
  pc->connect_wires();
  TRY(pc->virtio_.add(config, {pc->pci_, pc->memory, pc->events, pc->clock, pc->apic_bus_, serial,
                               [&](const std::string& id) { return pc->storage.find(id); }}));
  pc->map_ports();
  TRY(pc->map_chosen_ports(config));
  pc->reset();
  return pc;
}

Pc::Pc(const MachineConfig& config, const CpuModel& model, MediumStore* media, SerialSink& serial, Log& log,
       PcListener& listener, const EngineOptions& engine)
    : memory(config.physical_bits),
      processors({CpuWiring{clock, events, ports, mmio, memory, log}, apic_bus_, pic_, coprocessor_error_, engine},
                 model, config.topology),
      storage(config, media, listener, memory, events, clock),
      listener_(listener),
      log_(log),
      io_apic_(apic_bus_),
      isa_(pic_, io_apic_),
      pit_(events, clock),
      rtc_(events, clock),
      hpet_(events, clock),
      legacy_timers_(isa_, hpet_),
      serial_{{"serial0", 0, events, clock, serial}, {"serial1", 1, events, clock, serial}},
      pci_(ports, mmio),
      host_bridge_([this](const I440fx::Shadow& s) {
        using enum PhysicalMemory::Answers;
        memory.set_shadow(GuestPhys{s.base}, s.size, s.read_ram ? kRam : kRom, s.write_ram ? kRam : kRom);
      }),
      spd_([this](u32 socket) -> std::optional<SpdEeproms::Contents> {
        const DimmSpec* dimm = in_socket(socket);
        return dimm == nullptr ? std::nullopt : spd_of(dimm->size, socket + 1);
      }),
      smbus_(spd_),
      pm_(events, clock,
          {.sleep = [this](u32 type) { sleep(type); },
           .move_pm = [this](std::optional<u32> first) { ports.move(pm_.pm_ports(), first); },
           .move_smbus = [this](std::optional<u32> first) { ports.move(smbus_, first); }}),
      hotplug_(config.slots,
               {.eject = [this](u32 slot) { eject(slot); },
                .ost = [this](u32 slot, u32 source, u32 status) { listener_.on_ost(slot, source, status); }}),
      fw_cfg_(memory),
      keyboard_(events, clock),
      keyboard_controller_({.set_a20 = [this](bool) { update_a20(); }, .reset = [this] { request_reset(); }}, keyboard_,
                           mouse_),
      system_control_(clock, pit_, {.set_a20 = [this](bool) { update_a20(); }, .reset = [this] { request_reset(); }}),
      config_ports_(pci_.address_port(), system_control_.port_cf8()),
      e9_(log, PortE9::Lines::kToLog, serial,
          config.debug_console == abi::port::kE9 ? PortE9::Bytes::kToStream : PortE9::Bytes::kNo),
      debug_console_(log, PortE9::Lines::kNo, serial, PortE9::Bytes::kToStream),
      debug_exit_([this](u32 value) {
        processors.current().cpu.request_stop();
        listener_.on_debug_exit(value);
      }) {}

Or<> Pc::install_memory(const MachineConfig& config, const Images& images) {
  const std::vector<u8>& image = images.firmware;
  if (image.empty() || image.size() > kLargestFirmware || !is_aligned<u64>(image.size(), kPageSize)) {
    return fail("the firmware image has " + std::to_string(image.size()) +
                " bytes; it must be a multiple of 4096 of at most 1 MiB");
  }
  // From 0xa0000 the board decodes no RAM; from 0xc0000 to 1 MiB ROM covers it, at the end the end of the firmware.
  memory.cut_hole(GuestPhys{map::kVgaHole}, map::kOptionRoms - map::kVgaHole);
  memory.add_shadow(GuestPhys{map::kOptionRoms}, map::kExtended - map::kOptionRoms);
  memory.map_rom(GuestPhys{map::kFirmwareEnd - image.size()}, image, "firmware");
  const u64 shadow = std::min<u64>(image.size(), map::kBiosShadowSize);
  memory.map_rom(GuestPhys{map::kExtended - shadow}, std::span(image).last(shadow), "firmware");

  for (const DimmSpec& boot : boot_dimms(config)) TRY(memory.insert(boot));
  for (const DimmSpec& wanted : config.dimms) {
    const DimmSpec spec = TRY(plan_insert(config, memory.dimms(), wanted));
    TRY(memory.insert(spec));
    hotplug_.insert(spec.slot, spec.base.value, spec.size, spec.node, MemoryHotplug::Event::Silent);
  }
  const u64 low = std::min<u64>(config.ram_size, map::kLowRamEnd);
  rtc_.set_memory_size(low, config.ram_size - low);
  set_boot_order(config.boot_once.empty() ? config.boot_order : config.boot_once);
  return {};
}

void Pc::install_firmware_items(const MachineConfig& config, const Images& images) {
  namespace cfg = abi::fw_cfg;
  std::vector<u8> command_line(config.append.begin(), config.append.end());
  command_line.push_back(0);
  fw_cfg_.add_u64(cfg::kRamSize, config.ram_size);
  if (!config.uuid.empty()) fw_cfg_.add(cfg::kUuid, config.uuid);
  fw_cfg_.add_u16(cfg::kCpuCount, static_cast<u16>(config.topology.count()));
  fw_cfg_.add_u16(cfg::kMaxCpuCount, static_cast<u16>(config.topology.count()));
  fw_cfg_.add_u64(cfg::kNuma, 0);
  fw_cfg_.add_u16(cfg::kBootMenu, config.boot_menu ? 1 : 0);
  fw_cfg_.add_u32(cfg::kIrq0Override, 1);
  fw_cfg_.add_u32(cfg::kKernelSize, static_cast<u32>(images.kernel.size()));
  fw_cfg_.add(cfg::kKernelData, images.kernel);
  fw_cfg_.add_u32(cfg::kInitrdSize, static_cast<u32>(images.initrd.size()));
  fw_cfg_.add(cfg::kInitrdData, images.initrd);
  fw_cfg_.add_u32(cfg::kCommandLineSize, static_cast<u32>(command_line.size()));
  fw_cfg_.add(cfg::kCommandLineData, std::move(command_line));
  std::vector<DimmSpec> dimms;
  for (const auto& dimm : memory.dimms()) dimms.push_back(dimm->spec());
  const Kernel kernel = images.kernel.empty() ? Kernel::None : Kernel::Given;
  for (FirmwareFile& file : firmware_files(config, dimms, kernel)) fw_cfg_.add_file(file.name, std::move(file.bytes));
}

Or<> Pc::install_display(const MachineConfig& config, const Images& images) {
  if (config.display == Display::kNone) return {};
  if (images.vga_rom.size() > kLargestOptionRom) return fail("the VGA's option ROM is larger than 64 KiB");
  vga_ = std::make_unique<Vga>(memory, clock, images.vga_rom, map::kIoApic);
  return {};
}

void Pc::set_boot_order(std::string_view letters) {
  constexpr std::string_view kUsual = "cad";  // QEMU's
  rtc_.set_boot_order(letters.empty() ? kUsual : letters);
}

// --- Wiring.

void Pc::IsaInterrupts::set_line(u32 irq, bool level) {
  constexpr u32 kTimerPin = 2;  // ACPI MADT: interrupt source override of IRQ 0
  pic.set_line(irq, level);
  io_apic.set_line(irq == abi::irq::kPit ? kTimerPin : irq, level);
}

void Pc::connect_wires() {
  constexpr u32 kKeyboardIrq = 1, kMouseIrq = 12;
  pit_.output0.connect(legacy_timers_, abi::irq::kPit);
  keyboard_.attention.connect(keyboard_controller_.attention(), 0);
  mouse_.attention.connect(keyboard_controller_.attention(), 1);
  keyboard_controller_.keyboard_irq.connect(isa_, kKeyboardIrq);
  keyboard_controller_.mouse_irq.connect(isa_, kMouseIrq);
  serial_[0].irq.connect(isa_, abi::irq::kCom1);
  serial_[1].irq.connect(isa_, abi::irq::kCom2);
  rtc_.irq.connect(legacy_timers_, abi::irq::kRtc);
  hpet_.legacy_timer.connect(isa_, abi::irq::kPit);
  hpet_.legacy_rtc.connect(isa_, abi::irq::kRtc);
  hpet_.connect_routes(io_apic_);
  pm_.sci.connect(isa_, abi::irq::kSci);
  hotplug_.gpe.connect(pm_, abi::acpi::kGpeMemoryHotplug);
  system_control_.timer_gate.connect(pit_, 2);
  coprocessor_error_.irq.connect(isa_, abi::irq::kCoprocessor);
  for (const auto& p : processors) {
    apic_bus_.connect(p->apic);
    p->apic.connect_io_apic(io_apic_);
  }
  isa_bridge_.connect(isa_);
  pci_.connect_interrupts(isa_bridge_);
  pci_.connect(0, 0, host_bridge_);
  pci_.connect(1, 0, isa_bridge_);
  pci_.connect(1, 3, pm_);
  if (vga_ != nullptr) pci_.connect(2, 0, *vga_);
  storage.connect(pci_, isa_);
}

void Pc::map_ports() {
  using enum PortWidth;
  namespace port = abi::port;
  ports.map(port::kPic1, 2, pic_.master_ports(), k8);
  ports.map(port::kPit, 4, pit_, k8);
  ports.map(0x60, 1, keyboard_controller_.data_port(), k8);
  ports.map(port::kSystemControlB, 1, system_control_.port_61(), k8);
  ports.map(0x64, 1, keyboard_controller_.command_port(), k8);
  ports.map(port::kRtc, 2, rtc_, k8);
  ports.map(port::kPost, 1, post_, k8);
  ports.map(port::kSystemControlA, 1, system_control_.port_92(), k8);
  ports.map(port::kPic2, 2, pic_.slave_ports(), k8);
  ports.map(port::kCoprocessorError, 1, coprocessor_error_, k8);
  ports.map(abi::acpi::kSmiCommandPort, 2, pm_.smi_ports(), k8);
  ports.map(port::kE9, 1, e9_, k8);
  ports.map(port::kCom1, 8, serial_[0], k8);
  ports.map(port::kCom2, 8, serial_[1], k8);
  ports.map(port::kPicElcr, 2, pic_.elcr_ports(), k8);
  ports.map(port::kFwCfgSelector, 2, fw_cfg_, k16);
  ports.map(port::kFwCfgDma, 8, fw_cfg_.dma_ports(), k32);
  ports.map_movable(abi::acpi::kPmBlockLength, pm_.pm_ports());
  ports.map_movable(Piix4Smbus::kLength, smbus_, k8);
  ports.map(port::kMemoryHotplug, abi::memory_hotplug::kLength, hotplug_, k32);
  ports.map(port::kPciConfigAddress, 4, config_ports_, k32);
  ports.map(port::kPciConfigData, 4, pci_.data_port(), k32);
  ports.map(port::kGpe0, abi::acpi::kGpe0Length, pm_.gpe_ports(), k8);
  if (vga_ != nullptr) {
    ports.map(Vga::kDispiPort, Vga::kDispiPorts, vga_->dispi_ports(), k16);
    ports.map(Vga::kFirstPort, Vga::kPorts, vga_->ports(), k8);
    mmio.map(GuestPhys{Vga::kWindow}, Vga::kWindowSize, vga_->window());
  }

  storage.map_ports(ports);

  mmio.map(GuestPhys{map::kIoApic}, IoApic::kSize, io_apic_);
  mmio.map(GuestPhys{map::kHpet}, Hpet::kSize, hpet_);
}

// The debugging devices, whose ports the user may choose.
Or<> Pc::map_chosen_ports(const MachineConfig& config) {
  const auto map = [&](const char* name, u32 first, u32 count, IoDevice& device, PortWidth width) -> Or<> {
    if (!ports.free(first, count))
      return fail(std::string(name) + ": the ports from " + hex_text(first) + " on belong to another device");
    ports.map(first, count, device, width);
    return {};
  };
  TRY(map("isa-debug-exit", config.debug_exit, config.debug_exit_ports, debug_exit_, PortWidth::k32));
  if (config.debug_console == 0 || config.debug_console == abi::port::kE9) return {};
  return map("isa-debugcon", config.debug_console, 1, debug_console_, PortWidth::k8);
}

// --- Reset, power and what else the guest asks of the board.

void Pc::reset() {
  pic_.reset();
  apic_bus_.reset();
  io_apic_.reset();
  pit_.reset();
  rtc_.reset();
  hpet_.reset();
  for (Ns16550& port : serial_) port.reset();
  pci_.reset();
  host_bridge_.reset();
  isa_bridge_.reset();
  smbus_.reset();
  spd_.reset();
  pm_.reset();
  if (vga_ != nullptr) vga_->reset();
  virtio_.reset();
  pci_.place_windows();
  hotplug_.reset();
  fw_cfg_.reset();
  keyboard_.reset();
  mouse_.reset();
  keyboard_controller_.reset();
  system_control_.reset();
  post_.reset();
  coprocessor_error_.reset();
  storage.reset();
  rtc_.set_floppy_types(storage.cmos_floppy_types());
  processors.reset();
  update_a20();
}

void Pc::request_reset() {
  processors.current().cpu.request_stop();
  listener_.on_reset_request();
}

void Pc::sleep(u32 type) {
  if (type != abi::acpi::kSleepTypeS5) {
    log_.once("sleep", "the guest asks for sleep type " + std::to_string(type) + "; only S5 (power off) is there");
    return;
  }
  processors.current().cpu.request_stop();
  listener_.on_power_off();
}

// Either of the two gates opens A20 (PIIX4 ORs A20GATE and port 0x92).
void Pc::update_a20() {
  constexpr u8 kA20 = 0x02;
  processors.set_a20(((keyboard_controller_.state().output_port | system_control_.state().port_92) & kA20) != 0);
}

// --- What arrives from outside.

void Pc::start_rtc(i64 epoch_seconds) { rtc_.start(epoch_seconds); }
void Pc::press_keys(std::span<const u8> scan_codes) { keyboard_.keys(scan_codes); }
void Pc::move_mouse(i32 dx, i32 dy, i32 dz, u8 buttons) { mouse_.move(dx, dy, dz, buttons); }
void Pc::press_power_button() { pm_.press_power_button(); }

void Pc::receive_serial(u32 stream, std::span<const u8> bytes) {
  if (stream < stream::kSerialPorts)
    serial_[stream].receive(bytes);
  else
    virtio_.receive(stream, bytes);
}

u32 Pc::serial_queue_space(u32 stream) const {
  return stream < stream::kSerialPorts ? serial_[stream].queue_space() : virtio_.space(stream);
}

void Pc::raise_nmi() {
  for (const auto& p : processors) {
    p->apic.set_line(LocalApic::kPinLint1Nmi, true);
    p->apic.set_line(LocalApic::kPinLint1Nmi, false);
  }
}

Or<> Pc::seed_entropy(const std::array<u8, 32>& key) { return virtio_.seed(key); }

Or<> Pc::insert_dimm(const DimmSpec& spec) {
  TRY(memory.insert(spec));
  hotplug_.insert(spec.slot, spec.base.value, spec.size, spec.node, MemoryHotplug::Event::Notify);
  return {};
}

Or<> Pc::request_eject(const std::string& id) {
  TRY(check_eject(memory.dimms(), id));
  hotplug_.request_eject(memory.find(id)->spec().slot);
  return {};
}

Or<> Pc::pull_dimm(const std::string& id) {
  TRY(check_eject(memory.dimms(), id));
  eject(memory.find(id)->spec().slot);
  return {};
}

const DimmSpec* Pc::in_slot(u32 slot) const {
  for (const auto& dimm : memory.dimms()) {
    if (dimm->spec().socket == Socket::Hotplug && dimm->spec().slot == slot) return &dimm->spec();
  }
  return nullptr;
}

// All places for DIMMs, those of the boot RAM first, then the slots: the order of SMBIOS type 17.
const DimmSpec* Pc::in_socket(u32 socket) const {
  u32 boot_sockets = 0;
  for (const auto& dimm : memory.dimms()) {
    if (dimm->spec().socket != Socket::Boot) continue;
    if (boot_sockets++ == socket) return &dimm->spec();
  }
  return in_slot(socket - boot_sockets);
}

void Pc::eject(u32 slot) {
  const DimmSpec* found = in_slot(slot);
  if (found == nullptr) return;
  const DimmSpec spec = *found;
  const bool removed = memory.remove(spec.id).ok();
  assert(removed);
  (void)removed;
  hotplug_.remove(slot);
  listener_.on_dimm_ejected(spec);
}

bool Pc::picture(Picture& out) const {
  if (vga_ != nullptr) vga_->picture(out);
  return vga_ != nullptr;
}

std::vector<PciInfo> Pc::pci_functions() const {
  std::vector<PciInfo> list;
  pci_.for_each([&](u32 device, u32 function, PciFunction& f) {
    const auto word = [&](u32 offset) { return static_cast<u16>(f.config_read(offset, 2)); };
    PciInfo info{.device = device,
                 .function = function,
                 .vendor = word(pci::kVendor),
                 .device_id = word(pci::kVendor + 2),
                 .subsystem_vendor = word(pci::kSubsystem),
                 .subsystem = word(pci::kSubsystem + 2),
                 .class_code = word(pci::kClass + 1),
                 .interrupt_line = static_cast<u8>(f.config_read(pci::kInterruptLine, 1)),
                 .interrupt_pin = static_cast<u8>(f.config_read(pci::kInterruptPin, 1)),
                 .regions = {}};
    for (const PciFunction::Window& w : f.windows()) {
      u32 base;
      const bool placed = f.placed(w, base);
      info.regions.push_back({w.index, w.space == PciFunction::Space::kPorts, placed ? u64{base} : ~u64{0}, w.size});
    }
    list.push_back(std::move(info));
  });
  return list;
}

// --- State.

Or<> Pc::replace_dimms(std::span<const DimmSpec> specs) {
  std::vector<std::string> old;
  for (const auto& dimm : memory.dimms()) {
    if (dimm->spec().socket == Socket::Hotplug) old.push_back(dimm->spec().id);
  }
  for (const std::string& id : old) TRY(memory.remove(id));
  memory.clear_ram();
  for (const DimmSpec& spec : specs) {
    if (spec.socket == Socket::Hotplug) TRY(memory.insert(spec));
  }
  return {};
}

void Pc::adopt_state() {
  host_bridge_.announce();
  pm_.announce();
  pci_.place_windows();
  processors.adopt_state();
  update_a20();
}

}  // namespace paemu
