// Parser: the state of reading a command line, and the handlers that options.inc names. Private to app.
#pragma once

#include "app/options.hpp"

namespace paemu::app {

struct Parser {
  Options options;
  bool size_given = false;
  bool defaults = true;  // a serial port and a monitor on stdio unless asked for otherwise
  bool serial_given = false, monitor_given = false;
  u32 physical_bits = 0;  // 0: as many as the memory needs
  std::vector<NamedChardev> chardevs;

  // What can only be said when all options are known: defaults, and checks across options.
  Or<> finish();

 private:
  Or<> check_memory();
  Or<> attach_defaults();
  Or<> finish_disks();
};

namespace option {
#define SECTION(title)
#define OPTION(name, argument, help, handler) Or<> handler(Parser& p, const std::string& value);
#include "app/options.inc"
#undef SECTION
#undef OPTION
}  // namespace option

}  // namespace paemu::app
