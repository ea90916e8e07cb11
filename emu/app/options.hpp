// Options: what the command line says, read by one table (options.inc) and checked before anything starts.
//
// Names and syntax are QEMU's; one dash or two. The table also makes -help and the man page.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/disks.hpp"
#include "base/error.hpp"
#include "board/machine_config.hpp"
#include "cpu/execution_engine.hpp"
#include "host/chardev.hpp"

namespace paemu::app {

enum class Action : u8 { Run, Help, CpuHelp, DeviceHelp, ManPage, Version };

enum class Switch : u8 { Auto, Off, On };

// -object memory-backend-ram
struct BackendOption {
  std::string id;
  u64 size = 0;
  bool boot = false;  // named by -numa or -machine: boot RAM
};

struct NamedChardev {
  std::string id;
  host::ChardevSpec spec;
};

// What -serial, -monitor, -qmp and their like make, in order.
struct Attachment {
  enum class Use : u8 { Stream, Hmp, Qmp } use;
  host::ChardevSpec spec;
  std::string label;  // "serial0", or the id of its -chardev
  u32 stream = 0;     // Stream: which of the guest's (replay/host_interfaces.hpp)
};

// -display
struct DisplayOption {
  enum class Kind : u8 { None, Sdl, Png } kind = Kind::None;
  bool full_screen = false;
  std::string path;  // Png: where the last picture goes
};

struct Options {
  Action action = Action::Run;
  std::string name = "paemu";
  std::string kernel, initrd, bios;  // paths; empty: none, or the bundled one
  bool bundled = false;              // no kernel, replay or firmware named: boot what is installed beside the program
  std::vector<DriveOption> drives;
  bool snapshot = false;  // -snapshot
  MachineConfig machine;  // complete: DIMMs with slots and bases still open (~0)
  std::vector<BackendOption> backends;
  std::vector<Attachment> attachments;
  DisplayOption display;
  std::string record, replay;        // paths
  bool start_paused = false;         // -S
  bool stay_after_shutdown = false;  // -no-shutdown
  Switch pace = Switch::Auto;
  std::optional<i64> rtc_start;  // seconds since the epoch; nothing: the host's clock
  std::optional<u64> seed;       // -seed: of the guest's random numbers; nothing: the host's randomness
  std::string pidfile;
  std::string log_file;             // -D
  bool trace_instructions = false;  // -d insn
  EngineOptions engine{.kind = EngineKind::kTranslator};  // -engine, -jit-cache
  bool perf_map = false;            // -perf-map
};

// arguments: without the program's name. Errors begin with the option: "-m: ...".
Or<Options> parse_options(const std::vector<std::string>& arguments);

std::string help_text();
std::string man_page();
std::string device_help();  // -device help

}  // namespace paemu::app
