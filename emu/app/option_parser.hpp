// Parser: the state of reading a command line, and the handlers that options.inc names. Private to app.
#pragma once

#include "app/options.hpp"
#include "base/key_values.hpp"
#include "replay/host_interfaces.hpp"

namespace paemu::app {

struct Parser {
  Options options;
  bool size_given = false;
  bool defaults = true;  // a serial port and a monitor on stdio unless asked for otherwise
  u32 serial_ports = 0;  // given so far
  u32 virtio_consoles = 0;  // that have a device
  bool monitor_given = false;
  u32 physical_bits = 0;  // 0: as many as the memory needs
  std::vector<NamedChardev> chardevs;
  std::vector<std::string> rng_objects;  // ids
  u32 debug_console_port = 0xe9;  // where -debugcon is, by -global

  // The device of that id, or nullptr.
  const host::ChardevSpec* find_chardev(const std::string& id) const;
  // The serial port, or the debug console (at the port that -global says when `port` is left open), gets a device.
  // Errors: it has one, there is no such port.
  Or<> add_serial(u32 port, Attachment attachment);
  Or<> add_debug_console(Attachment attachment, std::optional<u32> port);

  // What can only be said when all options are known: defaults, and checks across options.
  Or<> finish();

 private:
  Or<> check_memory();
  Or<> attach_defaults();
  Or<> finish_disks();
};

// Reading values; what is left unread is an error.
Or<> refuse_rest(const base::KeyValues& settings);
Or<u32> small_number(const std::string& text, const char* what, u32 most);

namespace option {
#define SECTION(title)
#define OPTION(name, argument, help, handler) Or<> handler(Parser& p, const std::string& value);
#include "app/options.inc"
#undef SECTION
#undef OPTION
}  // namespace option

namespace device_option {
#define DEVICE(name, settings, help, handler) Or<> handler(Parser& p, KeyValues& settings_);
#include "app/devices.inc"
#undef DEVICE
}  // namespace device_option

}  // namespace paemu::app
