// PCI: configuration space, functions with base addresses, and bus 0 behind configuration mechanism 1 (PCI Local Bus
// Specification 2.1, chapters 3.7.4.1 and 6).
//
// A chip describes its configuration space by a table of registers and derives from PciFunction; the bus finds the
// function and keeps the base addresses that software sets in force on the port and memory buses. RAM and the chips
// that have fixed ports answer before a base address that was laid over them.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "base/fields.hpp"
#include "bus/io.hpp"
#include "bus/line.hpp"
#include "bus/mmio.hpp"

namespace paemu {

// Bytes [offset, offset + size) of configuration space; what no row names reads as zero and ignores writes.
struct PciRegister {
  u8 offset;
  u8 size;  // 1, 2 or 4
  u32 reset = 0;
  u32 writable = 0;   // bits that software may write
  u32 clearable = 0;  // bits that software clears by writing one
};

namespace pci {
// The type 0 header (6.1).
inline constexpr u32 kVendor = 0x00, kCommand = 0x04, kStatus = 0x06, kRevision = 0x08, kClass = 0x09,
                     kHeaderType = 0x0e, kBaseAddresses = 0x10, kSubsystem = 0x2c, kExpansionRom = 0x30,
                     kInterruptLine = 0x3c,
                     kInterruptPin = 0x3d;
inline constexpr u16 kDecodePorts = 1u << 0, kDecodeMemory = 1u << 1, kBusMaster = 1u << 2;  // of kCommand
inline constexpr u8 kMultiFunction = 0x80;                                                   // of kHeaderType
inline constexpr u32 kPortSpace = 1;                                                         // bit 0 of a base address
inline constexpr u32 kPrefetchable = 8;
inline constexpr u32 kRomIndex = 6;   // the window of kExpansionRom (6.2.5.2)
inline constexpr u32 kRomEnable = 1;  // its bit 0
}  // namespace pci

class PciFunction {
 public:
  static constexpr u32 kConfigSize = 256;
  struct Config {
    u8 bytes[kConfigSize] = {};
    FIELDS(bytes)
  };
  enum class Space : u8 { kPorts, kMemory };
  // A range of `size` bytes (a power of two) that the base address `index` (0 to 5, or kRomIndex) places.
  struct Window {
    u32 index;
    Space space;
    u32 size;
    IoDevice* device;  // nullptr: the function looks after the range itself, see on_placed()
    PortWidth width = PortWidth::k32;
    u32 fixed = 0;  // low bits of the base address, as kPrefetchable
    u32 offset() const { return index == pci::kRomIndex ? pci::kExpansionRom : pci::kBaseAddresses + 4 * index; }
  };

  // registers: outlive the function.
  explicit PciFunction(std::span<const PciRegister> registers) : registers_(registers) { reset_config(); }

  // size: 1, 2 or 4 bytes within an aligned dword.
  u32 config_read(u32 offset, u32 size);
  void config_write(u32 offset, u32 size, u32 value);

  // The registers' reset values.
  void reset_config();
  Config& config() { return config_; }
  u16 command() const { return static_cast<u16>(config_.bytes[pci::kCommand] | config_.bytes[pci::kCommand + 1] << 8); }

  // From the constructor of the chip: makes a base address.
  void add_window(const Window& window) { windows_.push_back(window); }
  std::span<const Window> windows() const { return windows_; }
  // Where the window is; false: nowhere, by its address or by the command register.
  bool placed(const Window& window, u32& base) const;
  // The windows may have moved.
  virtual void on_placed() {}

 protected:
  ~PciFunction() = default;
  // Bytes [offset, offset + size) of configuration space were written; they have their new values.
  virtual void on_config_written(u32 offset, u32 size) {
    (void)offset;
    (void)size;
  }
  // They are about to be read: for registers that look through to somewhere else.
  virtual void before_config_read(u32 offset, u32 size) {
    (void)offset;
    (void)size;
  }
  u32 config_value(u32 offset, u32 size) const;
  void set_config_value(u32 offset, u32 size, u32 value);

 private:
  std::span<const PciRegister> registers_;
  std::vector<Window> windows_;
  Config config_;
};

// Bus 0. The ports CONFIG_ADDRESS (0xcf8, a dword) and CONFIG_DATA (0xcfc to 0xcff).
class PciBus final : public LineInput {
 public:
  struct State {
    u32 address = 0;         // CONFIG_ADDRESS
    u32 interrupts[4] = {};  // of INTA to INTD: bit d: device d asserts it
    FIELDS(address, interrupts)
  };

  PciBus(PortBus& ports, MmioBus& mmio) : ports_(ports), mmio_(mmio), address_port_(*this), data_port_(*this) {}

  bool occupied(u32 device) const;  // 0 to 31
  // Calls visit(device, function, PciFunction&) for each, in order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (u32 i = 0; i < kFunctions; ++i) {
      if (functions_[i] != nullptr) visit(i / 8, i % 8, *functions_[i]);
    }
  }
  // Wiring is code: device 0 to 31, function 0 to 7, each once; after the function's windows were added.
  void connect(u32 device, u32 function, PciFunction& f);

  IoDevice& address_port() { return address_port_; }  // 4 ports; only accesses of 32 bits count (3.7.4.1)
  IoDevice& data_port() { return data_port_; }        // 4 ports

  // Where INTA to INTD (pin 0 to 3) of all devices go: each device's pins are turned by one against those of the one
  // before, INTA of device 1 is line 0 (PIIX3 boards; the DSDT's _PRT says the same).
  void connect_interrupts(LineInput& routes) { routes_ = &routes; }
  static constexpr u32 interrupt_pin(u32 device, u32 pin) { return device * 4 + pin; }
  void set_line(u32 interrupt_pin, bool level) override;

  // After the functions' configuration was reset or written from outside.
  void place_windows();
  void reset() { state_ = State{}; }  // the functions' own resets have lowered their interrupts
  State& state() { return state_; }

 private:
  struct AddressPort final : IoDevice {
    explicit AddressPort(PciBus& b) : bus(b) {}
    u64 io_read(u64 offset, u32 size) override;
    void io_write(u64 offset, u32 size, u64 value) override;
    PciBus& bus;
  };
  struct DataPort final : IoDevice {
    explicit DataPort(PciBus& b) : bus(b) {}
    u64 io_read(u64 offset, u32 size) override;
    void io_write(u64 offset, u32 size, u64 value) override;
    PciBus& bus;
  };
  static constexpr u32 kFunctions = 32 * 8;

  bool line_up(u32 line) const;
  PciFunction* selected() const;
  void place(PciFunction& f);

  State state_;
  PortBus& ports_;
  MmioBus& mmio_;
  LineInput* routes_ = nullptr;
  AddressPort address_port_;
  DataPort data_port_;
  std::array<PciFunction*, kFunctions> functions_{};  // by device * 8 + function
};

}  // namespace paemu
