// What can be said only when all options are known.
#include <algorithm>

#include "abi/memory_map.hpp"
#include "app/option_parser.hpp"
#include "base/size_text.hpp"

namespace paemu::app {

Or<> refuse_rest(const KeyValues& settings) {
  if (settings.items().empty()) return {};
  return fail("has no setting \"" + settings.items()[0].first + "\"");
}

Or<u32> small_number(const std::string& text, const char* what, u32 most) {
  const Or<u64> number = parse_number(text);
  if (!number || number.value() > most)
    return fail(std::string(what) + " \"" + text + "\" is not a number from 0 to " + std::to_string(most));
  return static_cast<u32>(number.value());
}

namespace {

// Where physical addresses end when every slot is filled.
u64 address_space_end(const MachineConfig& machine) {
  namespace map = abi::memory_map;
  const u64 above = machine.ram_size > map::kLowRamEnd ? machine.ram_size - map::kLowRamEnd : 0;
  const u64 boot_end = std::max<u64>(map::kHighRam + above, map::kHighRam);
  if (machine.slots == 0) return boot_end;
  const u64 window = (boot_end + map::kHotplugAlignment - 1) / map::kHotplugAlignment * map::kHotplugAlignment;
  return window + (machine.maxmem - machine.ram_size);
}

}  // namespace

const host::ChardevSpec* Parser::find_chardev(const std::string& id) const {
  for (const NamedChardev& device : chardevs)
    if (device.id == id) return &device.spec;
  return nullptr;
}

Or<> Parser::add_serial(u32 port, Attachment attachment) {
  if (port >= stream::kSerialPorts) return fail("there are two serial ports, COM1 and COM2");
  for (const Attachment& other : options.attachments) {
    if (other.use == Attachment::Use::Stream && other.stream == port)
      return fail("serial port " + std::to_string(port) + " is given twice");
  }
  attachment.stream = port;
  options.attachments.push_back(std::move(attachment));
  serial_ports = std::max(serial_ports, port + 1);
  return {};
}

Or<> Parser::add_debug_console(Attachment attachment, std::optional<u32> port) {
  for (const Attachment& other : options.attachments) {
    if (other.use == Attachment::Use::Stream && other.stream == stream::kDebugConsole)
      return fail("there is one debug console, and it has a device");
  }
  if (port) debug_console_port = *port;
  attachment.stream = stream::kDebugConsole;
  options.attachments.push_back(std::move(attachment));
  return {};
}

Or<> Parser::check_memory() {
  MachineConfig& machine = options.machine;
  if (machine.ram_size < 16 * kMiB)
    return fail("-m: " + size_text(machine.ram_size) + " is too little; the least is 16M");
  if (machine.ram_size % kMiB != 0)
    return fail("-m: size " + size_text(machine.ram_size) + " is not a multiple of 1 MiB");
  if (machine.maxmem < machine.ram_size)
    return fail("-m: maxmem " + size_text(machine.maxmem) + " is less than the boot RAM, " +
                size_text(machine.ram_size));
  if (machine.slots == 0 && machine.maxmem > machine.ram_size)
    return fail("-m: maxmem needs slots=N for the DIMMs that reach it");
  if (machine.slots != 0 && machine.maxmem == machine.ram_size)
    return fail("-m: slots=" + std::to_string(machine.slots) + " needs maxmem larger than the boot RAM, " +
                size_text(machine.ram_size));
  if ((machine.maxmem - machine.ram_size) % abi::memory_map::kDimmAlignment != 0)
    return fail("-m: maxmem less the boot RAM is " + size_text(machine.maxmem - machine.ram_size) +
                ", not a multiple of 128 MiB");
  if (machine.maxmem > u64{1} << 40)
    return fail("-m: maxmem " + size_text(machine.maxmem) + " is more than 40 address bits can reach");

  const u64 end = address_space_end(machine);
  u32 needed = 32;
  while (needed < 64 && end > u64{1} << needed) ++needed;
  if (needed > 40)
    return fail("-m: memory would end at " + size_text(end) +
                ", beyond what 40 physical address bits can reach; use a smaller maxmem");
  if (physical_bits != 0 && needed > physical_bits)
    return fail("-cpu: phys-bits=" + std::to_string(physical_bits) + " is too few for memory that ends at " +
                size_text(end) + "; use " + std::to_string(needed));
  machine.physical_bits = physical_bits != 0 ? physical_bits : std::max(36u, needed);

  u64 backed = 0;
  for (const BackendOption& backend : options.backends) backed += backend.boot ? backend.size : 0;
  if (backed != 0 && backed != machine.ram_size)
    return fail("-numa: the nodes' memory is " + size_text(backed) + ", but -m says " + size_text(machine.ram_size));

  for (DimmSpec& dimm : machine.dimms) {
    const auto backend = std::find_if(options.backends.begin(), options.backends.end(),
                                      [&](const BackendOption& b) { return b.id == dimm.memdev; });
    if (backend == options.backends.end()) return fail("-device: there is no -object with id \"" + dimm.memdev + "\"");
    if (backend->boot) return fail("-device: the memory \"" + dimm.memdev + "\" is boot RAM");
    for (const DimmSpec& other : machine.dimms) {
      if (&other == &dimm) break;
      if (other.memdev == dimm.memdev) return fail("-device: two DIMMs use the memory \"" + dimm.memdev + "\"");
    }
    dimm.size = backend->size;
  }
  return {};
}

Or<> Parser::attach_defaults() {
  using Kind = host::ChardevSpec::Kind;
  if (defaults) {
    const host::ChardevSpec console{.kind = Kind::Stdio, .mux = true, .text = "mon:stdio"};
    const bool stdio_taken = std::any_of(options.attachments.begin(), options.attachments.end(),
                                         [](const Attachment& a) { return a.spec.kind == Kind::Stdio; });
    if (serial_ports == 0 && !stdio_taken) {
      host::ChardevSpec serial = console;
      serial.mux = !monitor_given;
      options.attachments.push_back({Attachment::Use::Stream, serial, "serial0"});
    }
  }
  // "mon:stdio" brings its monitor along.
  for (usize i = 0; i < options.attachments.size(); ++i) {
    const Attachment a = options.attachments[i];
    if (a.spec.mux && a.use == Attachment::Use::Stream)
      options.attachments.push_back({Attachment::Use::Hmp, a.spec, "compat_monitor0"});
  }
  // Standard input and output have one user, or one serial port and one monitor that share them.
  usize plain = 0, shared = 0;
  for (const Attachment& a : options.attachments) {
    if (a.spec.kind != Kind::Stdio) continue;
    if (a.spec.mux)
      ++shared;
    else
      ++plain;
  }
  if (plain + (shared != 0 ? 1 : 0) > 1)
    return fail("-serial: stdio has more than one user; -serial mon:stdio lets serial port and monitor share it");
  return {};
}

// A PC has a CD drive and a floppy drive, empty ones if nothing else is said.
Or<> Parser::finish_disks() {
  const auto present = [this](DriveBus bus, u32 index) {
    return std::any_of(options.drives.begin(), options.drives.end(),
                       [&](const DriveOption& d) { return d.spec.bus == bus && d.index.value_or(~0u) == index; });
  };
  if (Or<> finished = finish_drives(options.drives); !finished) return fail("-drive: " + finished.error().sentence);
  if (!defaults || !options.replay.empty()) return {};
  constexpr u32 kCdPlace = 2;
  const auto add_empty = [&](DriveBus bus, DriveKind kind, u32 index) {
    if (present(bus, index)) return;
    DriveOption drive;
    drive.spec.bus = bus, drive.spec.kind = kind, drive.index = index;
    options.drives.push_back(std::move(drive));
  };
  add_empty(DriveBus::kIde, DriveKind::kCdrom, kCdPlace);
  add_empty(DriveBus::kFloppy, DriveKind::kFloppy, 0);
  return finish_drives(options.drives);
}

Or<> Parser::finish() {
  if (!size_given) options.machine.ram_size = kGiB, options.machine.slots = 8, options.machine.maxmem = 16 * kGiB;
  if (!options.replay.empty()) {
    const bool other = !options.kernel.empty() || !options.initrd.empty() || !options.bios.empty() || size_given ||
                       !options.drives.empty() || !options.backends.empty() || !options.machine.dimms.empty() ||
                       !options.machine.append.empty() || !options.machine.virtio.empty();
    if (other) return fail("-replay: the trace holds the whole machine; leave out the options that describe one");
    if (!options.record.empty()) return fail("-replay: a replay can't be recorded; copy the trace instead");
  }
  const auto controllers =
      std::count_if(options.machine.virtio.begin(), options.machine.virtio.end(),
                    [](const VirtioSpec& device) { return device.kind == VirtioSpec::Kind::kConsole; });
  if (options.replay.empty() && virtio_consoles > controllers)
    return fail("-device: virtconsole needs a controller of its own: -device virtio-serial-pci");
  if (!options.initrd.empty() && options.kernel.empty()) return fail("-initrd: needs a kernel; add -kernel FILE");
  for (const Attachment& a : options.attachments) {
    if (a.use == Attachment::Use::Stream && a.stream == stream::kDebugConsole)
      options.machine.debug_console = debug_console_port;
  }
  if (options.display.full_screen && options.display.kind != DisplayOption::Kind::Sdl)
    return fail("-full-screen: there is no window; add -display sdl");
  if (options.display.kind == DisplayOption::Kind::Sdl && options.machine.display == Display::kNone)
    return fail("-display: sdl has nothing to show with -vga none");
  const bool medium =
      std::any_of(options.drives.begin(), options.drives.end(), [](const DriveOption& d) { return !d.file.empty(); });
  options.bundled = options.kernel.empty() && options.bios.empty() && options.replay.empty() && !medium;
  if (!options.machine.append.empty() && options.kernel.empty() && !options.bundled)
    return fail("-append: needs a kernel; add -kernel FILE");
  TRY(finish_disks());
  TRY(check_memory());
  return attach_defaults();
}

}  // namespace paemu::app
