// Pc: the board. Owns every part and the wires between them; decides nothing that a chip decides.
//
// Machine drives it: lets the processors run and the events happen, injects what arrives, saves and restores the state.
// A Pc is deterministic: what it does follows from its configuration, the images and the calls below at their ticks.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "board/machine_config.hpp"
#include "board/pci_info.hpp"
#include "board/storage.hpp"
#include "board/virtio_slots.hpp"
#include "bus/io.hpp"
#include "bus/mmio.hpp"
#include "bus/pci.hpp"
#include "board/engines.hpp"
#include "board/processors.hpp"
#include "dev/coprocessor_error.hpp"
#include "dev/debug_exit.hpp"
#include "dev/fw_cfg.hpp"
#include "dev/hpet.hpp"
#include "dev/i440fx.hpp"
#include "dev/i8042.hpp"
#include "dev/i8254.hpp"
#include "dev/i8259a.hpp"
#include "dev/ioapic.hpp"
#include "dev/mc146818.hpp"
#include "dev/memory_hotplug.hpp"
#include "dev/ns16550.hpp"
#include "dev/piix3.hpp"
#include "dev/piix4_pm.hpp"
#include "dev/piix4_smbus.hpp"
#include "dev/port_e9.hpp"
#include "dev/post_latch.hpp"
#include "dev/ps2_keyboard.hpp"
#include "dev/ps2_mouse.hpp"
#include "dev/spd_eeprom.hpp"
#include "dev/system_control.hpp"
#include "dev/vga.hpp"
#include "memory/physical_memory.hpp"
#include "replay/host_interfaces.hpp"
#include "time/event_queue.hpp"
#include "time/virtual_clock.hpp"

namespace paemu {

// What the guest does that concerns the world around the board. Called in the middle of an instruction; the processor
// has been asked to stop after it where the machine has a decision to take (the first three).
class PcListener : public TrayListener {
 public:
  virtual void on_power_off() = 0;      // ACPI S5
  virtual void on_reset_request() = 0;  // reset register, port 0x92, keyboard controller
  virtual void on_debug_exit(u32 value) = 0;
  virtual void on_dimm_ejected(const DimmSpec& dimm) = 0;     // it is gone, its host memory returned
  virtual void on_ost(u32 slot, u32 source, u32 status) = 0;  // _OST of a memory device

 protected:
  ~PcListener() = default;
};

class Pc final {
 public:
  // Errors: a configuration that can't be built, a firmware image that is not one. `serial`, `log` and `listener`
  // outlive the Pc.
  static Or<std::unique_ptr<Pc>> create(const MachineConfig& config, const Images& images, SerialSink& serial, Log& log,
                                        PcListener& listener, const EngineOptions& engine = {});
  Pc(const Pc&) = delete;
  Pc& operator=(const Pc&) = delete;

  // --- Parts, for the run loop and for looking.
  VirtualClock clock;
  EventQueue events;
  PhysicalMemory memory;
  PortBus ports;
  MmioBus mmio;
  Processors processors;
  Storage storage;

  // The reset line: processor and chips start anew. Memory keeps its contents, DIMMs and clock go on.
  void reset();
  // The letters of -boot order=; empty: the usual.
  void set_boot_order(std::string_view letters);

  // --- What arrives from outside (replay/input.hpp). Errors name the DIMM; nothing has changed then.
  void start_rtc(i64 epoch_seconds);
  void receive_serial(u32 stream, std::span<const u8> bytes);  // streams that are not there: ignored
  u32 serial_queue_space(u32 stream) const;                    // bytes that receive_serial() takes without loss
  void press_keys(std::span<const u8> scan_codes);
  void move_mouse(i32 dx, i32 dy, i32 dz, u8 buttons);
  void press_power_button();
  void raise_nmi();
  Or<> seed_entropy(const std::array<u8, 32>& key);
  Or<> insert_dimm(const DimmSpec& spec);  // complete, as plan_insert() made it; the guest is told
  Or<> request_eject(const std::string& id);
  Or<> pull_dimm(const std::string& id);  // surprise: the guest is not asked

  // What the screen shows. False: there is none.
  bool picture(Picture& out) const;
  // Each PCI function, as software has set it up.
  std::vector<PciInfo> pci_functions() const;

  // --- State. Calls visit("pic", state) for every part, in a fixed order; memory and the DIMM list are apart.
  template <class Visitor>
  void visit_state(Visitor&& visit) {
    visit("clock", clock);
    visit("events", events);
    visit("turn", processors.turn());
    for (u32 n = 0; n < processors.count(); ++n) visit(kCpuNames[n], processors[n].cpu.state);
    visit("pic", pic_.state());
    visit("pit", pit_.state());
    visit("rtc", rtc_.state());
    visit("hpet", hpet_.state());
    visit("serial0", serial_[0].state());
    visit("serial1", serial_[1].state());
    visit("ioapic", io_apic_.state());
    visit("apic-bus", apic_bus_.state());
    for (u32 n = 0; n < processors.count(); ++n) visit(kApicNames[n], processors[n].apic.state());
    visit("pci", pci_.state());
    visit("i440fx", host_bridge_.config());
    visit("piix3", isa_bridge_.state());
    visit("piix3-config", isa_bridge_.config());
    visit("pm", pm_.state());
    visit("pm-config", pm_.config());
    visit("smbus", smbus_.state());
    visit("spd", spd_.state());
    visit("memory-hotplug", hotplug_.state());
    visit("fw_cfg", fw_cfg_.state());
    visit("i8042", keyboard_controller_.state());
    visit("keyboard", keyboard_.state());
    visit("mouse", mouse_.state());
    visit("system-control", system_control_.state());
    visit("post", post_.state());
    if (vga_ != nullptr) {
      visit("vga", vga_->state());
      visit("vga-config", vga_->config());
    }
    visit("coprocessor-error", coprocessor_error_.state());
    storage.visit_state(visit);
    virtio_.visit_state(visit);
  }
  // Makes the hotplug DIMMs those of `specs`, empty, without telling the guest. For loading a state, before its fields
  // are written. Boot DIMMs follow from the configuration and are only cleared.
  Or<> replace_dimms(std::span<const DimmSpec> specs);
  // After fields were written: brings what is derived from them (processor mode, A20, address of the local APIC,
  // decoded code) up to date.
  void adopt_state();

 private:
  // The 16 interrupt requests of the ISA bus: each goes to the 8259A and to the I/O APIC, where IRQ 0 is pin 2
  // (the MADT's interrupt source override).
  struct IsaInterrupts final : LineInput {
    IsaInterrupts(I8259a& p, IoApic& a) : pic(p), io_apic(a) {}
    void set_line(u32 irq, bool level) override;
    I8259a& pic;
    IoApic& io_apic;
  };
  // IRQ 0 and 8 as the 8254 and the MC146818 drive them: unless the HPET does (its "legacy replacement").
  struct LegacyTimers final : LineInput {
    LegacyTimers(LineInput& i, const LineProbe& r) : isa(i), replacement(r) {}
    void set_line(u32 irq, bool level) override {
      if (!replacement.line_level(0)) isa.set_line(irq, level);
    }
    LineInput& isa;
    const LineProbe& replacement;
  };

  // 0xcf8-0xcfb: the address of PCI configuration when all of it is written, else the reset control register at 0xcf9.
  struct ConfigPorts final : IoDevice {
    ConfigPorts(IoDevice& p, IoDevice& r) : pci(p), reset_control(r) {}
    u64 io_read(u64 offset, u32 size) override { return (size == 4 ? pci : reset_control).io_read(offset, size); }
    void io_write(u64 offset, u32 size, u64 value) override {
      (size == 4 ? pci : reset_control).io_write(offset, size, value);
    }
    IoDevice& pci;
    IoDevice& reset_control;
  };

  Pc(const MachineConfig& config, const CpuModel& model, MediumStore* media, SerialSink& serial, Log& log,
     PcListener& listener, const EngineOptions& engine);
  Or<> install_memory(const MachineConfig& config, const Images& images);
  void install_firmware_items(const MachineConfig& config, const Images& images);
  Or<> install_display(const MachineConfig& config, const Images& images);
  void connect_wires();
  void map_ports();
  Or<> map_chosen_ports(const MachineConfig& config);
  void eject(u32 slot);
  void request_reset();
  void sleep(u32 type);
  void update_a20();
  const DimmSpec* in_slot(u32 slot) const;
  const DimmSpec* in_socket(u32 socket) const;

  // The bootstrap processor's parts have the plain names.
  static constexpr const char* kCpuNames[kMaxProcessors] = {"cpu",  "cpu1", "cpu2", "cpu3",
                                                            "cpu4", "cpu5", "cpu6", "cpu7"};
  static constexpr const char* kApicNames[kMaxProcessors] = {"lapic",  "lapic1", "lapic2", "lapic3",
                                                             "lapic4", "lapic5", "lapic6", "lapic7"};

  PcListener& listener_;
  Log& log_;
  I8259a pic_;
  ApicBus apic_bus_;
  IoApic io_apic_;
  IsaInterrupts isa_;
  I8254 pit_;
  Mc146818 rtc_;
  Hpet hpet_;
  LegacyTimers legacy_timers_;
  Ns16550 serial_[stream::kSerialPorts];
  PciBus pci_;
  I440fx host_bridge_;
  Piix3 isa_bridge_;
  SpdEeproms spd_;
  Piix4Smbus smbus_;
  Piix4Pm pm_;
  MemoryHotplug hotplug_;
  FwCfg fw_cfg_;
  Ps2Keyboard keyboard_;
  Ps2Mouse mouse_;
  I8042 keyboard_controller_;
  SystemControl system_control_;
  ConfigPorts config_ports_;
  PostLatch post_;
  CoprocessorError coprocessor_error_;
  VirtioSlots virtio_;
  PortE9 e9_;
  PortE9 debug_console_;
  DebugExit debug_exit_;
  std::unique_ptr<Vga> vga_;  // nullptr: -vga none
};

}  // namespace paemu
