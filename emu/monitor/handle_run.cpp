// Commands about the run and the program.
#include <nlohmann/json.hpp>

#include "cpu/state.hpp"
#include "monitor/handlers.hpp"
#include "replay/arrival.hpp"
#include "replay/version.hpp"

namespace paemu::monitor::handle {
namespace {

const char* state_name(RunState state) {
  switch (state) {
    case RunState::Prelaunch: return "prelaunch";
    case RunState::Running: return "running";
    case RunState::Paused: return "paused";
    case RunState::Shutdown: return "shutdown";
  }
  return "internal-error";
}

Reply no_such_processor(Monitor& m, u64 processor) {
  return base::fail("there is no processor " + std::to_string(processor) + "; the last is " +
                    std::to_string(m.machine().processor_count() - 1));
}

Reply done(base::Or<> result) {
  if (!result) return base::Failure{std::move(result.error())};
  return Json::object();
}

}  // namespace

Reply query_status(Monitor& m, const Json&) {
  const RunState state = m.control().run_state();
  return Json{{"status", state_name(state)}, {"running", state == RunState::Running}, {"singlestep", false}};
}

Reply stop(Monitor& m, const Json&) {
  m.control().pause();
  return Json::object();
}
Reply cont(Monitor& m, const Json&) { return done(m.control().resume()); }
Reply quit(Monitor& m, const Json&) {
  m.control().quit();
  return Json::object();
}
Reply system_reset(Monitor& m, const Json&) { return done(m.control().submit(arrival::reset_by_monitor())); }
Reply system_powerdown(Monitor& m, const Json&) { return done(m.control().submit(arrival::power_button())); }
Reply nmi(Monitor& m, const Json&) { return done(m.control().submit(arrival::non_maskable())); }

// QEMU's command. What the error does is for the processor to say: #MC, shutdown, or only a note in the bank.
Reply mce(Monitor& m, const Json& arguments) {
  const u64 cpu = arguments["cpu"], bank = arguments["bank"];
  arrival::MachineCheck error;
  error.status = arguments["status"];
  error.global_status = arguments["mcgstatus"];
  error.address = arguments["addr"];
  error.misc = arguments["misc"];
  if (cpu >= m.machine().processor_count()) return no_such_processor(m, cpu);
  if (bank >= kMachineCheckBanks) {
    return base::fail("there is no bank " + std::to_string(bank) + "; they are 0 to " +
                      std::to_string(kMachineCheckBanks - 1));
  }
  if (!(error.status & arrival::kMachineCheckValid))
    return base::fail("the status says that there is no error: its bit 63 is clear");
  error.processor = static_cast<u32>(cpu);
  error.bank = static_cast<u32>(bank);
  return done(m.control().submit(arrival::machine_check(error)));
}

Reply record_start(Monitor& m, const Json& arguments) {
  const std::string path = arguments["path"];
  TRY(m.control().record_start(path));
  return Json("recording into " + path);
}
Reply record_stop(Monitor& m, const Json&) {
  TRY(m.control().record_stop());
  return Json("the recording is complete");
}
Reply info_record(Monitor& m, const Json&) { return Json(m.control().record_status()); }

Reply help(Monitor&, const Json& arguments) {
  std::string text;
  if (arguments.contains("command")) {
    const std::string wanted = arguments["command"];
    for (const Command& command : commands())
      if (!command.hmp.empty() && (" " + std::string(command.hmp) + " ").find(wanted) != std::string::npos)
        text += usage(command) + "\n    " + std::string(command.help) + "\n";
    if (text.empty()) return base::fail("there is no command '" + wanted + "'; help lists all");
    text.pop_back();
    return Json(text);
  }
  for (const Command& command : commands()) {
    if (command.hmp.empty()) continue;
    std::string line = usage(command);
    if (line.size() < 34) line.resize(34, ' ');
    text += line + "  " + std::string(command.help) + "\n";
  }
  text.pop_back();
  return Json(text);
}

Reply query_version(Monitor&, const Json&) {
  // The version of the QMP dialect that is spoken here, which is what clients decide by.
  return Json{{"qemu", {{"major", 7}, {"minor", 2}, {"micro", 0}}}, {"package", kNameAndVersion}};
}
Reply query_name(Monitor& m, const Json&) { return Json{{"name", m.control().name()}}; }
Reply query_kvm(Monitor&, const Json&) { return Json{{"enabled", false}, {"present", false}}; }

Reply query_chardev(Monitor& m, const Json&) {
  Json list = Json::array();
  for (const ChardevInfo& device : m.control().chardevs())
    list.push_back({{"label", device.label}, {"filename", device.filename}, {"frontend-open", device.frontend_open}});
  return list;
}

Reply query_commands(Monitor&, const Json&) {
  Json list = Json::array({{{"name", "qmp_capabilities"}}});
  for (const Command& command : commands())
    if (!command.qmp.empty()) list.push_back({{"name", command.qmp}});
  return list;
}

Reply human_monitor_command(Monitor& m, const Json& arguments) {
  return Json(run_hmp_line(m, arguments["command-line"].get<std::string>()));
}

Reply query_target(Monitor&, const Json&) { return Json{{"arch", "i386"}}; }

Reply query_machines(Monitor&, const Json&) {
  return Json::array({{{"name", "pc"},
                       {"is-default", true},
                       {"cpu-max", kMaxProcessors},
                       {"hotpluggable-cpus", false},
                       {"numa-mem-supported", false},
                       {"deprecated", false},
                       {"default-ram-id", "pc.ram"}}});
}

Reply qom_list_types(Monitor&, const Json&) {
  Json list = Json::array();
  for (const char* type : {"tcg-accel", "pc-dimm", "isa-serial", "isa-debugcon", "isa-debug-exit", "virtio-rng-pci",
                           "virtio-blk-pci", "virtio-serial-pci", "virtconsole", "memory-backend-ram", "rng-builtin"})
    list.push_back({{"name", type}});
  return list;
}

Reply qom_list(Monitor& m, const Json& arguments) {
  Json list = Json::array();
  if (arguments["path"] != "/machine/peripheral") return list;
  for (const auto& dimm : m.machine().dimms())
    if (dimm->spec().socket == Socket::Hotplug) list.push_back({{"name", dimm->spec().id}, {"type", "child<pc-dimm>"}});
  return list;
}

Reply empty_list(Monitor&, const Json&) { return Json::array(); }
Reply empty_object(Monitor&, const Json&) { return Json::object(); }

}  // namespace paemu::monitor::handle
