// The handlers and printers that commands.inc names, declared from it. Private to monitor.
#pragma once

#include "monitor/command.hpp"

namespace paemu::monitor {

namespace handle {
#define COMMAND(hmp, qmp, arguments, noticed, handler, printer, help) \
  Reply handler(Monitor& monitor, const Json& arguments_);
#include "monitor/commands.inc"
#undef COMMAND
}  // namespace handle

namespace show {
#define COMMAND(hmp, qmp, arguments, noticed, handler, printer, help) std::string printer(const Json& result);
#include "monitor/commands.inc"
#undef COMMAND
}  // namespace show

// One line of HMP, for HmpSession and human-monitor-command. The answer ends with a newline unless it is empty.
std::string run_hmp_line(Monitor& monitor, std::string_view line);

// What Tab offers for `line`, whose cursor is at its end: the words that the last one may become.
std::vector<std::string> complete(Monitor& monitor, std::string_view line);

// An event as QMP tells it, and as people are told: empty when they need not be.
Json event_json(const MachineEvent& event, i64 wall_clock_us);
std::string event_text(const MachineEvent& event);

// "1", "0x80 (device in use by an application)": ACPI 6.4, table 6.18, for source event `source`.
std::string ost_status_text(u32 source, u32 status);
// Does this _OST refuse an ejection for good?
bool ost_refuses_ejection(u32 source, u32 status);

}  // namespace paemu::monitor
