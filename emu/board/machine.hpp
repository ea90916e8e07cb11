// Machine: the façade. Owns everything that is the guest; monitor, gdb, app and tests see the emulator through it.
//
// Single-threaded. Everything that the guest can notice goes through the input seam: the methods under "requests"
// queue an arrival on the live source; the run loop injects it at the next boundary.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "memory/dimm.hpp"
#include "replay/host_interfaces.hpp"
#include "replay/input.hpp"

namespace paemu {

// All that a run derives from. Written whole into a trace.
struct MachineConfig {
  u64 ram_size = kGiB;        // boot RAM in bytes
  u32 slots = 8;              // hotplug slots
  u64 maxmem = 16 * kGiB;     // boot RAM plus hotplug window, bytes
  u32 physical_bits = 36;     // 32 to 40
  std::string cpu_model = "coreduo";
  std::string append;         // kernel command line
  std::vector<DimmSpec> dimms;  // hotplug DIMMs present at start
  u32 numa_nodes = 1;
  bool reboot = true;         // false: a guest reset ends the run (-no-reboot)
  u64 checkpoint_interval = 100'000'000;  // ticks between state hashes in a trace
};

// The files that a run derives from, by content.
struct Images {
  std::vector<u8> firmware;
  std::vector<u8> kernel;   // empty: none
  std::vector<u8> initrd;   // empty: none
};

enum class StopReason : u8 {
  None,
  Paused,         // by the monitor
  GuestPowerOff,  // ACPI S5
  GuestReset,     // with MachineConfig::reboot off
  DebugExit,      // exit_code says with what
  TripleFault,    // with MachineConfig::reboot off
  InputEnded,     // replay reached the end of the trace
  Deadlock,       // halted with interrupts off and nothing that could wake it
  Diverged,       // replay differs from the recording
};

// What devices and machine report while running, for QMP events and for people. Never changes the guest.
struct MachineEvent {
  enum class Kind : u8 { Stop, Resume, Reset, PowerDown, Shutdown, DeviceDeleted, AcpiDeviceOst, UnplugGuestError };
  Kind kind;
  std::string device;  // DIMM id
  u32 slot = 0;
  u32 source = 0;      // _OST source event
  u32 status = 0;      // _OST status code
  bool guest = false;  // the guest asked for it
  std::string message; // UnplugGuestError, AcpiDeviceOst: the last sentence that the guest wrote to port 0xe9, if any
};

struct Registers;  // a plain copy of the architectural registers, for monitors and reports (cpu/registers.hpp)

class Machine {
 public:
  // Errors: a configuration that can't be built, an image that is not one.
  static Or<std::unique_ptr<Machine>> create(MachineConfig config, Images images, SerialSink& serial, Log& log);
  virtual ~Machine() = default;

  virtual const MachineConfig& config() const = 0;

  // --- Running. Runs until something stops it, about `max_ticks` have passed or input.interrupted(); None in the
  // latter cases. With max_ticks 0 it injects what input.poll() has at the present position and returns.
  virtual StopReason run(InputSource& input, u64 max_ticks) = 0;
  virtual Position position() const = 0;
  virtual int exit_code() const = 0;

  // --- Injection: the run loop and the player call it, nobody else.
  virtual void inject(const Arrival& arrival) = 0;

  // --- Checks before a request is queued: would this arrival be taken? One sentence when not; nothing changes.
  virtual Or<DimmSpec> plan_insert(DimmSpec wanted) const = 0;   // fills slot and base where left open (~0)
  virtual Or<> check_eject(const std::string& id) const = 0;

  // --- Looking, without the guest noticing.
  virtual const std::vector<std::unique_ptr<Dimm>>& dimms() const = 0;
  virtual Registers registers() const = 0;
  virtual bool read_physical(GuestPhys address, std::span<u8> out) const = 0;
  virtual bool read_linear(GuestLinear address, std::span<u8> out) const = 0;
  virtual std::string describe(const std::string& device) const = 0;  // "pic", "cpu", ...: fields by name; "" unknown
  virtual std::vector<std::string> devices() const = 0;

  // --- State, for replay.
  virtual u64 state_hash() = 0;                       // over everything the guest can notice
  virtual std::vector<u8> save_state() = 0;           // leaves TLB and code cache empty, as load_state does
  virtual Or<> load_state(std::span<const u8>) = 0;   // all or nothing

  void on_event(std::function<void(const MachineEvent&)> f) { event_sink_ = std::move(f); }

 protected:
  void emit(const MachineEvent& e) { if (event_sink_) event_sink_(e); }

 private:
  std::function<void(const MachineEvent&)> event_sink_;
};

}  // namespace paemu
