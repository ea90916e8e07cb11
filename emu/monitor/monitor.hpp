// Monitor: the commands that a person or a program may give, and what they know besides the Machine.
//
// One table (commands.inc), two codecs: HmpSession speaks text, QmpSession JSON. Commands run between two slices of
// Machine::run. A command that the guest can notice is checked first, then submitted as an arrival; a failed check is
// an error reply and changes nothing.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "board/machine.hpp"
#include "replay/drive.hpp"

namespace paemu::monitor {

enum class RunState : u8 { Prelaunch, Running, Paused, Shutdown };

enum class PictureFormat : u8 { ByName, Png, Ppm };

struct ChardevInfo {
  std::string label;
  std::string filename;
  bool frontend_open;
};

// What the monitor asks of the program around it. Implemented in app, and by a fake in tests.
class Control {
 public:
  virtual Machine& machine() = 0;

  virtual RunState run_state() const = 0;
  virtual void pause() = 0;
  virtual Or<> resume() = 0;  // errors: the guest has shut down
  virtual void quit() = 0;    // after the present command

  // Injects at the present position. Errors: a replay takes no input but the recorded one.
  virtual Or<> submit(Arrival arrival) = 0;
  // The same, `gap_ns` of virtual time after the last one that was submitted so.
  virtual Or<> submit_in_turn(Arrival arrival, u64 gap_ns) = 0;

  virtual Or<> record_start(const std::string& path) = 0;
  virtual Or<> record_stop() = 0;
  virtual std::string record_status() const = 0;  // one or more lines

  // What the screen shows, into a file; an empty path: the one that -display png:PATH names. Errors: there is no
  // display, no such path, or it can't be written.
  virtual Or<> screendump(const std::string& path, PictureFormat format) = 0;

  // Opens an image, to be put into a drive; -snapshot holds for it, too. What is put in by no arrival is forgotten by
  // discard_medium().
  virtual Or<MediumSpec> open_medium(const std::string& path, bool read_only) = 0;
  virtual void discard_medium(u32 number) = 0;
  virtual Or<> commit_medium(u32 number) = 0;  // errors: it has no snapshot, its image can't be written

  virtual std::vector<ChardevInfo> chardevs() const = 0;
  virtual std::string name() const = 0;   // -name
  virtual i64 wall_clock_us() const = 0;  // for the stamps of events
  virtual int process_id() const = 0;     // what query-cpus-fast calls the processor's thread
  virtual bool replaying() const = 0;

 protected:
  ~Control() = default;
};

// A memory backend: an amount of host memory with a name, waiting for a DIMM (object_add memory-backend-ram).
struct MemoryBackend {
  u64 size = 0;
  bool boot = false;       // is boot RAM; a DIMM's backend otherwise
  bool automatic = false;  // made by `dimm add`: goes with its DIMM
};

// What a slot's device last told by _OST (ACPI 6.4, 6.3.5).
struct OstReport {
  u32 source = 0;
  u32 status = 0;
};

class Listener;  // an open session that wants to hear of events

class Monitor {
 public:
  explicit Monitor(Control& control) : control_(control) {}

  Control& control() { return control_; }
  Machine& machine() { return control_.machine(); }

  // The processor whose registers and memory commands show, until `cpu` selects another.
  u32 processor() const { return processor_; }
  void select_processor(u32 processor) { processor_ = processor; }

  std::map<std::string, MemoryBackend>& backends() { return backends_; }
  // The DIMM that uses a backend, or nullptr.
  const Dimm* user_of(const std::string& backend);
  // Was the DIMM there when the run began?
  bool present_at_start(const std::string& dimm);
  // "in use", "releasing", "refused: ...": how far the guest is with a removal that was asked for.
  std::string removal_state(const std::string& dimm) const;
  void removal_asked(const std::string& dimm) { removals_[dimm] = "releasing"; }
  OstReport last_ost(u32 slot) const;
  // The mouse buttons that commands hold down, as arrival::Pointer has them.
  u8& mouse_buttons() { return mouse_buttons_; }

  void add_listener(Listener& listener) { listeners_.push_back(&listener); }
  void remove_listener(Listener& listener) { std::erase(listeners_, &listener); }
  // The machine, or the app for Stop, Resume and Shutdown, reports.
  void on_event(const MachineEvent& event);

 private:
  Control& control_;
  u32 processor_ = 0;
  std::map<std::string, MemoryBackend> backends_;
  std::map<std::string, std::string> removals_;  // by DIMM id
  std::map<u32, OstReport> reports_;             // by slot
  std::vector<Listener*> listeners_;
  u8 mouse_buttons_ = 0;
};

class Listener {
 public:
  virtual void on_event(const MachineEvent& event) = 0;

 protected:
  ~Listener() = default;
};

}  // namespace paemu::monitor
