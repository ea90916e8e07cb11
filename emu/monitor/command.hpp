// Command: a row of commands.inc, the one table of the monitor, and what its columns mean.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/monitor.hpp"

namespace paemu::monitor {

using Json = nlohmann::json;

// The error classes that QMP clients tell apart (QEMU's qapi/error.json).
enum class ErrorClass : u8 { Generic, CommandNotFound, DeviceNotFound };
const char* name(ErrorClass c);

struct CommandError {
  ErrorClass error_class = ErrorClass::Generic;
  std::string sentence;
};

inline base::Failure<CommandError> device_not_found(const std::string& id) {
  return {{ErrorClass::DeviceNotFound, "Device '" + id + "' not found"}};
}

// What a handler answers. A base::Error is an error of class Generic.
class Reply {
 public:
  Reply(Json value);
  Reply(base::Failure<base::Error> f) : error_{ErrorClass::Generic, std::move(f.error.sentence)}, failed_(true) {}
  Reply(base::Failure<CommandError> f) : error_(std::move(f.error)), failed_(true) {}

  bool ok() const { return !failed_; }
  const Json& value() const { return *value_; }
  const CommandError& error() const { return error_; }

 private:
  std::shared_ptr<Json> value_;
  CommandError error_;
  bool failed_ = false;
};

// The types of arguments. Both codecs check them; completion offers what fits.
enum class Type : u8 {
  String,
  Integer,  // not negative
  Signed,
  Size,     // bytes; text takes K, M, G, T; a bare number counts in MiB in text, in bytes in JSON
  Bytes,    // the same, but a bare number is bytes in text also
  Switch,   // on/off, true/false
  Dimm,     // the id of a DIMM in a hotplug slot
  Backend,  // the id of a memory backend
  Part,     // a device of the machine
  Path,     // a file of the host
  Command,  // a command's name
  Format,   // text only: /COUNT FORMAT SIZE, as /16xw
  Rest,     // text only: all that is left of the line
  Drive,    // the id of a drive
  Flag,     // a switch that text gives as its first letter: -f
  Any,      // JSON only: anything, not looked at
};

struct Argument {
  std::string name;
  Type type;
  bool optional;
  char flag = 0;  // "-f format:...": in text it is given as "-f FORMAT", anywhere
};

// Can the guest notice the command? Then it goes through the input seam, is recorded, and refused in a replay.
enum class Noticed : u8 { No, Yes };

using Handler = Reply (*)(Monitor&, const Json& arguments);
using Printer = std::string (*)(const Json& result);  // what HMP shows

struct Command {
  std::string_view hmp;  // as typed: "dimm add", "cont|c"; empty: not in HMP
  std::string_view qmp;  // "device_add"; empty: not in QMP
  bool key_values;       // HMP takes the arguments as one key=value list, the first key implied
  std::vector<Argument> arguments;
  Noticed noticed;
  Handler handler;
  Printer printer;
  std::string_view help;
};

std::span<const Command> commands();

const Command* find_qmp(std::string_view name);
// The command that begins `words`, and how many words its name has (1 or 2).
struct Found {
  const Command* command;
  usize words;
};
Found find_hmp(std::span<const std::string_view> words);
// "dimm add SIZE[,id=ID]...": for help.
std::string usage(const Command& command);

// Runs a command whose arguments were checked.
Reply run(const Command& command, Monitor& monitor, const Json& arguments);

}  // namespace paemu::monitor
