// DeviceBoard: the whole board without the processor's work: what a guest could do to devices, done by calls. Every
// device on the board is found by itself: fixed ports and memory by asking the buses, PCI functions by their
// configuration.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "board/pc.hpp"

namespace paemu::fuzz {

// Where place_functions() puts the PM block and the SMBus.
inline constexpr u32 kPmPorts = 0xb000, kSmbusPorts = 0xb100;

struct Window {
  u64 base;
  u64 size;
};

class DeviceBoard final : private SerialSink, private Log, private PcListener {
 public:
  DeviceBoard();

  Pc& pc() { return *pc_; }
  const std::vector<Window>& ports() const { return ports_; }    // fixed ones and those of PCI
  const std::vector<Window>& memory() const { return memory_; }  // the same
  // A PCI function: where its configuration is, its IDs, and where its base addresses were put (0: nowhere).
  struct Function {
    u32 address;
    u32 id;
    u32 bases[6] = {};
  };
  const std::vector<Function>& functions() const { return functions_; }

  u32 config_read(u32 address, u32 offset, u32 size);
  void config_write(u32 address, u32 offset, u32 size, u32 value);
  u64 access(bool memory, bool write, u64 address, u32 size, u64 value);
  void put(u64 address, u64 value, u32 size);  // in RAM
  // Lets time pass, at most kMostEvents events of it.
  void pass(u64 ticks);
  // From now on a sector of a drive is bad; a second one takes its place.
  void spoil(u32 drive, u64 sector);

  // Makes `other` the same by what a snapshot holds, and gives up when it does not take that. False: the machine is at
  // no boundary, since it has more events than pass() lets happen.
  bool copy_to(DeviceBoard& other);
  // Gives up when a guest could tell the two boards apart, or what it has read so far differs.
  void require_same(DeviceBoard& other);

  bool stopped() const { return stopped_; }

 private:
  void transmit(u32, std::span<const u8>) override {}
  void line(std::string_view) override {}
  void once(std::string_view, std::string_view) override {}
  void on_power_off() override { stopped_ = true; }
  void on_reset_request() override { reset_requested_ = true; }
  void on_debug_exit(u32) override { stopped_ = true; }
  void on_dimm_ejected(const DimmSpec&) override {}
  void on_ost(u32, u32, u32) override {}
  void on_tray_moved(const std::string&, bool) override {}
  void find_fixed();
  void place_functions();
  void settle();

  std::shared_ptr<MediumStore> media_;
  std::unique_ptr<Pc> pc_;
  std::vector<Window> ports_, memory_;
  std::vector<Function> functions_;
  bool stopped_ = false, reset_requested_ = false;
  u64 seen_ = 0;  // a hash of all that was read
};

}  // namespace paemu::fuzz
