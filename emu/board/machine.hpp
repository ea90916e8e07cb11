// Machine: the façade. Owns everything that is the guest; monitor, gdb, app and tests see the emulator through it.
//
// Single-threaded. Everything that the guest can notice goes through the input seam: whoever wants to press a key or
// insert a DIMM queues an Arrival on the live source; the run loop injects it at the next boundary.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "board/machine_config.hpp"
#include "board/pci_info.hpp"
#include "cpu/execution_engine.hpp"
#include "cpu/translator_info.hpp"
#include "memory/dimm.hpp"
#include "replay/host_interfaces.hpp"
#include "replay/input.hpp"
#include "replay/picture.hpp"

namespace paemu {

enum class StopReason : u8 {
  None,
  Paused,         // by the monitor
  GuestPowerOff,  // ACPI S5
  GuestReset,     // with MachineConfig::reboot off
  DebugExit,      // exit_code says with what
  TripleFault,    // with MachineConfig::reboot off
  InputEnded,     // replay reached the end of the trace
  Deadlock,       // halted, no event armed, and the input source says that nothing more can come
  Diverged,       // a replay from its recording, or one engine from the other
  kLast = Diverged,
};

// What devices and machine report while running, for QMP events and for people. Never changes the guest.
struct MachineEvent {
  enum class Kind : u8 { Stop, Resume, Reset, PowerDown, Shutdown, DeviceDeleted, AcpiDeviceOst, UnplugGuestError, TrayMoved };
  Kind kind;
  std::string device;  // id of the DIMM or drive
  u32 slot = 0;
  u32 source = 0;       // _OST source event
  u32 status = 0;       // _OST status code
  bool guest = false;   // the guest asked for it
  bool open = false;    // TrayMoved: it is open now
  std::string message;  // UnplugGuestError, AcpiDeviceOst: the last sentence that the guest wrote to port 0xe9
};

class Drive;  // replay/drive.hpp
class DiskJournal;
struct Registers;   // a plain copy of the architectural registers, for monitors and reports (cpu/registers.hpp)
struct Checkpoint;  // replay/checkpoint.hpp

class Machine {
 public:
  // Errors: a configuration that can't be built, an image that is not one.
  static Or<std::unique_ptr<Machine>> create(MachineConfig config, Images images, SerialSink& serial, Log& log,
                                             const EngineOptions& engine = {});
  virtual ~Machine() = default;

  virtual const MachineConfig& config() const = 0;
  virtual const Images& images() const = 0;

  // --- Running. Runs until something stops it, about `max_ticks` have passed or input.interrupted(); None in the
  // latter cases. With max_ticks 0 it injects what input.poll() has at the present position and returns.
  // Where one call ends and the next begins can't be noticed by the guest.
  virtual StopReason run(InputSource& input, u64 max_ticks) = 0;
  // Makes run() return `reason` before the guest takes another step. For input sources and event sinks; outside run()
  // it holds for the next call.
  virtual void stop(StopReason reason) = 0;
  virtual Position position() const = 0;
  virtual int exit_code() const = 0;  // after DebugExit: (value << 1) | 1; else 0
  // Nothing has run and nothing was injected since create(): a recording that starts now needs no snapshot.
  virtual bool fresh() const = 0;

  // --- Injection: the run loop calls it, nobody else. An arrival that makes no sense any more (its DIMM is gone) is
  // dropped with a line on the log; the guest then notices nothing.
  virtual void inject(const Arrival& arrival) = 0;

  // --- Checks before a request is queued: would this arrival be taken? One sentence when not; nothing changes.
  virtual Or<DimmSpec> plan_insert(DimmSpec wanted) const = 0;  // fills id, slot and base where left open ("" or ~0)
  virtual Or<> check_eject(const std::string& id) const = 0;
  virtual u32 serial_queue_space(u32 stream) const = 0;  // bytes of SerialBytes that it takes without loss

  // --- Looking, without the guest noticing.
  virtual const std::vector<std::unique_ptr<Dimm>>& dimms() const = 0;
  virtual u32 processor_count() const = 0;
  // processor: below processor_count(). read_linear translates by its page tables.
  virtual Registers registers(u32 processor) const = 0;
  virtual bool read_physical(GuestPhys address, std::span<u8> out) const = 0;
  virtual bool read_linear(u32 processor, GuestLinear address, std::span<u8> out) const = 0;
  virtual bool picture(Picture& out) const = 0;  // what the screen shows; false: there is no display
  virtual std::string describe(const std::string& device) const = 0;  // "pic", "cpu", ...: fields by name; "" unknown
  virtual std::vector<std::string> devices() const = 0;
  virtual std::vector<PciInfo> pci_functions() const { return {}; }
  virtual void trace_instructions(bool) {}  // each executed instruction to the log
  // What the translator tells, with the `hottest` blocks that ran most. Nothing: the guest is interpreted.
  virtual std::optional<TranslatorInfo> translator_info(u32 /*hottest*/) const { return {}; }

  // --- State, for replay.
  // Over everything the guest can notice. Asking for it changes nothing, and it does not depend on who asked before.
  virtual u64 state_hash() = 0;
  // The hash and what is needed to say where two runs differ. Takes the list of pages written since the last call.
  virtual Checkpoint checkpoint() = 0;
  // A hash of the names and sizes of all fields: two builds with the same one understand each other's save_state().
  virtual u64 schema() = 0;
  // All fields and the DIMM list, without the contents of memory. Leaves TLB and code cache empty, as load_state does,
  // so that a run that is saved and goes on is the same as one that is loaded.
  virtual std::vector<u8> save_state() = 0;
  // Each page that is not all zeroes, in ascending order.
  virtual void visit_pages(const std::function<void(Pfn, std::span<const u8>)>& visit) = 0;
  // Replaces the machine's state; memory is zero until load_page() fills it. After an error the machine is unfit to
  // run.
  virtual Or<> load_state(std::span<const u8> state) = 0;
  virtual Or<> load_page(Pfn frame, std::span<const u8> page) = 0;
  // What is told of each operation of a drive from now on; nullptr: nobody. Outlives the machine, or is taken back.
  virtual void set_journal(DiskJournal*) {}

  // --- Drives, in the order of the configuration; empty ones too.
  virtual std::vector<const Drive*> drives() const { return {}; }

  void on_event(std::function<void(const MachineEvent&)> f) { event_sink_ = std::move(f); }

 protected:
  void emit(const MachineEvent& e) {
    if (event_sink_) event_sink_(e);
  }

 private:
  std::function<void(const MachineEvent&)> event_sink_;
};

}  // namespace paemu
