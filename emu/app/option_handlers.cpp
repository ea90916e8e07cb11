// A handler an option; the option's name stands before what they complain of.
#include <cctype>

#include "app/option_parser.hpp"
#include "base/key_values.hpp"
#include "base/size_text.hpp"
#include "cpu/cpuid.hpp"
#include "host/wall_clock.hpp"

namespace paemu::app::option {
namespace {

Or<std::string> path(const std::string& value) {
  if (value.empty()) return fail("the file's name is empty");
  return value;
}

// A device as -serial takes it, or "chardev:ID" of one that was named before.
Or<Attachment> attachment(Parser& p, Attachment::Use use, const std::string& value, const std::string& label) {
  if (!value.starts_with("chardev:")) return Attachment{use, TRY(host::parse_chardev(value)), label};
  const std::string id = value.substr(8);
  const host::ChardevSpec* spec = p.find_chardev(id);
  if (spec == nullptr) return fail("there is no -chardev with id \"" + id + "\" before it");
  return Attachment{use, *spec, id};
}

}  // namespace

// --- What to boot.
Or<> kernel(Parser& p, const std::string& value) {
  p.options.kernel = TRY(path(value));
  return {};
}
Or<> initrd(Parser& p, const std::string& value) {
  p.options.initrd = TRY(path(value));
  return {};
}
Or<> bios(Parser& p, const std::string& value) {
  p.options.bios = TRY(path(value));
  return {};
}
Or<> append(Parser& p, const std::string& value) {
  // The firmware hands it over whole below 640 KiB, beside the tables.
  constexpr usize kMost = 4096;
  if (value.size() > kMost) return fail("the command line is longer than " + std::to_string(kMost) + " bytes");
  p.options.machine.append = value;
  return {};
}

// --- The machine.
Or<> memory(Parser& p, const std::string& value) {
  if (value.empty()) return fail("needs a size, as 1G");
  KeyValues settings = TRY(KeyValues::parse(value, "size"));
  MachineConfig& machine = p.options.machine;
  if (const std::string* size = settings.find("size")) machine.ram_size = TRY(parse_size(*size, kMiB));
  settings.take("size");
  machine.slots = TRY(small_number(settings.take("slots", "0"), "slots", 256));
  const std::string most = settings.take("maxmem");
  machine.maxmem = most.empty() ? machine.ram_size : TRY(parse_size(most, kMiB));
  p.size_given = true;
  return refuse_rest(settings);
}

Or<> object(Parser& p, const std::string& value) {
  KeyValues settings = TRY(KeyValues::parse(value, "qom-type"));
  const std::string type = settings.take("qom-type");
  if (type == "secret") return {};  // libvirt's; nothing here is encrypted
  // Both are the run's own generator: entropy comes through the input seam, once.
  if (type == "rng-builtin" || type == "rng-random") {
    const std::string id = settings.take("id");
    if (id.empty()) return fail(type + " needs an id");
    settings.take("filename");
    p.rng_objects.push_back(id);
    return refuse_rest(settings);
  }
  if (type != "memory-backend-ram")
    return fail("there is no object type \"" + type + "\"; use memory-backend-ram or rng-builtin");
  BackendOption backend{.id = settings.take("id")};
  if (backend.id.empty()) return fail("memory-backend-ram needs an id");
  const std::string size = settings.take("size");
  if (size.empty()) return fail("memory-backend-ram needs a size");
  backend.size = TRY(parse_size(size));
  if (backend.size == 0) return fail("size 0 makes no memory");
  for (const BackendOption& other : p.options.backends)
    if (other.id == backend.id) return fail("the id \"" + backend.id + "\" is given twice");
  p.options.backends.push_back(std::move(backend));
  return refuse_rest(settings);
}

Or<> numa(Parser& p, const std::string& value) {
  KeyValues settings = TRY(KeyValues::parse(value, "type"));
  if (const std::string type = settings.take("type"); type != "node")
    return fail("\"" + type + "\" is not known here; use node");
  const u32 node = TRY(small_number(settings.take("nodeid", "0"), "nodeid", 63));
  p.options.machine.numa_nodes = std::max(p.options.machine.numa_nodes, node + 1);
  const std::string backend = settings.take("memdev");
  settings.take("cpus");  // there is one processor, in node 0
  bool found = backend.empty();
  for (BackendOption& candidate : p.options.backends)
    if (candidate.id == backend) found = candidate.boot = true;
  if (!found) return fail("there is no -object with id \"" + backend + "\"");
  return refuse_rest(settings);
}

Or<> cpu(Parser& p, const std::string& value) {
  if (value == "help" || value == "?") {
    p.options.action = Action::CpuHelp;
    return {};
  }
  // "coreduo,+pse36,-nx,phys-bits=40": the last is ours, the rest the model's own to read.
  std::string model;
  for (usize begin = 0; begin <= value.size();) {
    const usize end = std::min(value.find(',', begin), value.size());
    const std::string item = value.substr(begin, end - begin);
    begin = end + 1;
    if (item.starts_with("phys-bits="))
      p.physical_bits = TRY(small_number(item.substr(10), "phys-bits", 40));
    else
      model += (model.empty() ? "" : ",") + item;
  }
  if (p.physical_bits != 0 && p.physical_bits < 32) return fail("phys-bits must be from 32 to 40");
  p.options.machine.cpu_model = model;
  const Or<CpuModel> parsed = CpuModel::parse(model, p.physical_bits == 0 ? 36 : p.physical_bits);
  if (parsed) return {};
  const std::string& sentence = parsed.error().sentence;  // names the option itself
  return fail(sentence.starts_with("-cpu: ") ? sentence.substr(6) : sentence);
}

Or<> vga(Parser& p, const std::string& value) {
  if (value != "std" && value != "none")
    return fail("there is no display controller \"" + value + "\"; use std or none");
  p.options.machine.display = value == "std" ? Display::kStandard : Display::kNone;
  return {};
}

Or<> machine(Parser& p, const std::string& value) {
  KeyValues settings = TRY(KeyValues::parse(value, "type"));
  const std::string backend = settings.take("memory-backend");
  for (BackendOption& candidate : p.options.backends)
    if (candidate.id == backend) candidate.boot = true;
  return {};
}

Or<> rtc(Parser& p, const std::string& value) {
  KeyValues settings = TRY(KeyValues::parse(value));
  const std::string base = settings.take("base", "utc");
  settings.take("clock"), settings.take("driftfix");
  TRY(refuse_rest(settings));
  if (base == "utc" || base == "localtime") return {};
  if (const Or<u64> seconds = parse_number(base); seconds.ok()) {
    // The RTC knows two digits of the year and a century byte: until the end of 9999.
    if (seconds.value() > 253402300799) return fail("base " + base + " is after the year 9999");
    p.options.rtc_start = static_cast<i64>(seconds.value());
  } else {
    p.options.rtc_start = host::parse_utc(base);
    if (!p.options.rtc_start)
      return fail("base \"" + base + "\" is neither utc, nor a number of seconds, nor a date as 2026-11-22T02:30:00");
    if (*p.options.rtc_start < 0) return fail("base " + base + " is before 1970");
  }
  return {};
}

Or<> seed(Parser& p, const std::string& value) {
  p.options.seed = TRY(parse_number(value));
  return {};
}

Or<> no_reboot(Parser& p, const std::string&) {
  p.options.machine.reboot = false;
  return {};
}
Or<> no_shutdown(Parser& p, const std::string&) {
  p.options.stay_after_shutdown = true;
  return {};
}

// "c33ec5dd-5a5b-4fd6-8a6a-3c4ba3f0b1f8", as RFC 4122 prints it.
Or<> uuid(Parser& p, const std::string& value) {
  constexpr usize kLength = 36;
  std::vector<u8>& bytes = p.options.machine.uuid;
  bytes.clear();
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  for (usize at = 0; value.size() == kLength && at < kLength;) {
    if (at == 8 || at == 13 || at == 18 || at == 23) {
      if (value[at++] != '-') break;
      continue;
    }
    if (!std::isxdigit(static_cast<unsigned char>(value[at])) ||
        !std::isxdigit(static_cast<unsigned char>(value[at + 1])))
      break;
    bytes.push_back(static_cast<u8>(digit(value[at]) << 4 | digit(value[at + 1])));
    at += 2;
  }
  if (bytes.size() == 16) return {};
  return fail("\"" + value + "\" is not a UUID; it looks like c33ec5dd-5a5b-4fd6-8a6a-3c4ba3f0b1f8");
}

// --- Consoles.
Or<> serial(Parser& p, const std::string& value) {
  const u32 port = p.serial_ports;
  Attachment a = TRY(attachment(p, Attachment::Use::Stream, value, "serial" + std::to_string(port)));
  return p.add_serial(port, std::move(a));
}

Or<> monitor(Parser& p, const std::string& value) {
  p.monitor_given = true;
  if (value == "none") return {};
  p.options.attachments.push_back(TRY(attachment(p, Attachment::Use::Hmp, value, "compat_monitor0")));
  return {};
}

Or<> qmp(Parser& p, const std::string& value) {
  if (value == "none") return {};
  p.options.attachments.push_back(TRY(attachment(p, Attachment::Use::Qmp, value, "compat_monitor1")));
  return {};
}

Or<> chardev(Parser& p, const std::string& value) {
  KeyValues settings = TRY(KeyValues::parse(value, "backend"));
  using Kind = host::ChardevSpec::Kind;
  const std::string kind = settings.take("backend"), id = settings.take("id");
  if (id.empty()) return fail("needs an id");
  for (const NamedChardev& other : p.chardevs)
    if (other.id == id) return fail("the id \"" + id + "\" is given twice");
  host::ChardevSpec spec{.path = settings.take("path"), .text = value};
  spec.server = TRY(parse_switch(settings.take("server", "off")));
  spec.wait = TRY(parse_switch(settings.take("wait", "on")));
  const std::string descriptor = settings.take("fd");
  settings.take("append"), settings.take("logfile"), settings.take("logappend");
  TRY(refuse_rest(settings));
  if (kind == "socket") {
    spec.kind = descriptor.empty() ? Kind::Unix : Kind::Descriptor;
    if (!descriptor.empty())
      spec.descriptor = static_cast<int>(TRY(small_number(descriptor, "fd", 65535)));
    else if (spec.path.empty())
      return fail("socket needs a path");
  } else if (kind == "stdio" || kind == "pty" || kind == "null") {
    spec.kind = kind == "stdio" ? Kind::Stdio : kind == "pty" ? Kind::Pty : Kind::Null;
  } else if (kind == "file") {
    spec.kind = Kind::File;
    if (spec.path.empty()) return fail("file needs a path");
  } else {
    return fail("there is no kind \"" + kind + "\"; use stdio, pty, socket, file or null");
  }
  p.chardevs.push_back({id, std::move(spec)});
  return {};
}

Or<> mon(Parser& p, const std::string& value) {
  KeyValues settings = TRY(KeyValues::parse(value, "chardev"));
  const std::string id = settings.take("chardev"), mode = settings.take("mode", "readline");
  settings.take("id"), settings.take("pretty");
  TRY(refuse_rest(settings));
  if (mode != "readline" && mode != "control") return fail("mode \"" + mode + "\" is neither readline nor control");
  const host::ChardevSpec* spec = p.find_chardev(id);
  if (spec == nullptr) return fail("there is no -chardev with id \"" + id + "\" before it");
  p.options.attachments.push_back({mode == "control" ? Attachment::Use::Qmp : Attachment::Use::Hmp, *spec, id});
  p.monitor_given = true;
  return {};
}

Or<> debugcon(Parser& p, const std::string& value) {
  Attachment a = TRY(attachment(p, Attachment::Use::Stream, value, "debugcon"));
  return p.add_debug_console(std::move(a), {});
}

Or<> global(Parser& p, const std::string& value) {
  // "driver.property=value", or driver=, property= and value=.
  KeyValues settings = TRY(KeyValues::parse(value));
  // libvirt's: there is neither S3 nor S4.
  settings.take("PIIX4_PM.disable_s3"), settings.take("PIIX4_PM.disable_s4");
  if (settings.items().empty()) return {};
  const std::string driver = settings.take("driver"), property = settings.take("property");
  const std::string set = driver.empty() ? settings.take("isa-debugcon.iobase") : settings.take("value");
  if (set.empty() || !settings.items().empty() ||
      (!driver.empty() && (driver != "isa-debugcon" || property != "iobase")))
    return fail("only isa-debugcon.iobase=PORT can be set");
  p.debug_console_port = TRY(small_number(set, "isa-debugcon.iobase", 0xffff));
  return {};
}

Or<> nographic(Parser& p, const std::string&) {
  p.options.machine.graphics = false;
  return {};
}
Or<> nodefaults(Parser& p, const std::string&) {
  p.defaults = false;
  return {};
}

// --- Recording and running.
Or<> record(Parser& p, const std::string& value) {
  p.options.record = TRY(path(value));
  return {};
}
Or<> replay(Parser& p, const std::string& value) {
  p.options.replay = TRY(path(value));
  return {};
}
Or<> paused(Parser& p, const std::string&) {
  p.options.start_paused = true;
  return {};
}
Or<> pace(Parser& p, const std::string& value) {
  p.options.pace = TRY(parse_switch(value)) ? Switch::On : Switch::Off;
  return {};
}
Or<> engine(Parser& p, const std::string& value) {
  constexpr std::pair<const char*, EngineKind> kEngines[] = {
      {"interp", EngineKind::kInterpreter}, {"jit", EngineKind::kTranslator}, {"verify", EngineKind::kVerify}};
  for (const auto& [name, kind] : kEngines) {
    if (value != name) continue;
    p.options.engine.kind = kind;
    return {};
  }
  return fail("there is no engine \"" + value + "\"; there are interp, jit and verify");
}
Or<> jit_cache(Parser& p, const std::string& value) {
  constexpr u64 kLeast = EngineOptions::kSmallestCodeCache, kMost = EngineOptions::kLargestCodeCache;
  const u64 size = TRY(parse_size(value, kMiB));
  if (size < kLeast || size > kMost)
    return fail("a code cache of " + size_text(size) + " can't be had; give from " + size_text(kLeast) + " to " +
                size_text(kMost));
  p.options.engine.code_cache_size = size;
  return {};
}
// What else QEMU's accelerators have says nothing here.
Or<> accel(Parser& p, const std::string& value) {
  KeyValues settings = TRY(KeyValues::parse(value, "accel"));
  const std::string* size = settings.find("tb-size");
  if (size == nullptr || *size == "0") return {};  // 0: as it is if not given
  if (Or<> taken = jit_cache(p, *size); !taken) return fail("tb-size: " + taken.error().sentence);
  return {};
}
Or<> perf_map(Parser& p, const std::string&) {
  p.options.perf_map = true;
  return {};
}
Or<> name(Parser& p, const std::string& value) {
  KeyValues settings = TRY(KeyValues::parse(value, "guest"));
  p.options.name = settings.take("guest", "paemu");
  return {};
}
Or<> pidfile(Parser& p, const std::string& value) {
  p.options.pidfile = TRY(path(value));
  return {};
}
Or<> log_file(Parser& p, const std::string& value) {
  p.options.log_file = TRY(path(value));
  return {};
}
Or<> log_items(Parser& p, const std::string& value) {
  if (value != "insn") return fail("there is no log item \"" + value + "\"; use insn");
  p.options.trace_instructions = true;
  return {};
}
Or<> ignored(Parser&, const std::string&) { return {}; }
Or<> no_network(Parser&, const std::string& value) {
  if (value != "none") return fail("there is no network device; only \"none\" can be given");
  return {};
}
Or<> display(Parser& p, const std::string& value) {
  using Kind = DisplayOption::Kind;
  if (value == "none") {
    p.options.display.kind = Kind::None;
  } else if (value == "sdl") {
    p.options.display.kind = Kind::Sdl;
  } else if (value.starts_with("png:")) {
    p.options.display.path = TRY(path(value.substr(4)));
    p.options.display.kind = Kind::Png;
  } else {
    return fail("there is no display \"" + value + "\"; use none, sdl or png:FILE");
  }
  return {};
}

Or<> full_screen(Parser& p, const std::string&) {
  p.options.display.full_screen = true;
  return {};
}

Or<> version(Parser& p, const std::string&) {
  p.options.action = Action::Version;
  return {};
}
Or<> help(Parser& p, const std::string& value) {
  p.options.action = value == "man" ? Action::ManPage : Action::Help;
  return {};
}

}  // namespace paemu::app::option
