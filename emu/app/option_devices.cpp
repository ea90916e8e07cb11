// -device: a handler a row of devices.inc; the device's name stands before what they complain of.
#include <algorithm>

#include "app/option_parser.hpp"
#include "base/size_text.hpp"

namespace paemu::app {
namespace {

struct DeviceRow {
  const char* name;
  const char* settings;
  const char* help;
  Or<> (*handler)(Parser&, KeyValues&);
};

#define VIRTIO_SETTINGS "[,id=ID][,addr=SLOT][,disable-legacy=on|off][,disable-modern=on|off]"
constexpr DeviceRow kDevices[] = {
#define DEVICE(name, settings, help, handler) {name, settings, help, device_option::handler},
#include "app/devices.inc"
#undef DEVICE
};
#undef VIRTIO_SETTINGS

// Other names of QEMU's for the virtio functions: "virtio-rng" is "virtio-rng-pci", and two suffixes choose drivers.
std::string with_full_name(const std::string& value) {
  const usize end = std::min(value.find(','), value.size());
  std::string name = value.substr(0, end), rest = value.substr(end);
  if (!name.starts_with("virtio-")) return value;
  for (const auto& [suffix, setting] : {std::pair{"-non-transitional", ",disable-legacy=on"}, {"-transitional", ""}}) {
    if (!name.ends_with(suffix)) continue;
    name.resize(name.size() - std::string_view(suffix).size());
    rest = setting + rest;
    break;
  }
  if (!name.ends_with("-pci")) name += "-pci";
  return name + rest;
}

// What every virtio function takes.
Or<VirtioSpec> virtio(VirtioSpec::Kind kind, KeyValues& settings) {
  VirtioSpec spec{.kind = kind, .id = settings.take("id")};
  const std::string legacy = settings.take("disable-legacy", "off"), bus = settings.take("bus", "pci.0");
  // "auto": a PCI function, other than one of PCI Express, is for legacy drivers, too.
  spec.legacy = legacy == "auto" || !TRY(parse_switch(legacy));
  spec.modern = !TRY(parse_switch(settings.take("disable-modern", "off")));
  if (!spec.legacy && !spec.modern) return fail("with disable-legacy and disable-modern no driver would find it");
  if (bus != "pci.0") return fail("there is no bus \"" + bus + "\"; there is pci.0");
  std::string address = settings.take("addr");
  if (address.empty()) return spec;
  // SLOT or SLOT.FUNCTION, in hexadecimal with or without 0x.
  if (address.ends_with(".0")) address.resize(address.size() - 2);
  if (!address.starts_with("0x")) address = "0x" + address;
  const Or<u64> slot = parse_number(address);
  if (!slot || slot.value() > 31) return fail("addr \"" + address + "\" is no PCI slot from 0x0 to 0x1f");
  spec.device = static_cast<u32>(slot.value());
  return spec;
}

Or<const host::ChardevSpec*> chardev_of(const Parser& p, const std::string& id) {
  if (id.empty()) return fail("needs a -chardev: chardev=ID");
  const host::ChardevSpec* spec = p.find_chardev(id);
  if (spec == nullptr) return fail("there is no -chardev with id \"" + id + "\" before it");
  return spec;
}

}  // namespace

Or<> option::device(Parser& p, const std::string& value) {
  KeyValues settings = TRY(KeyValues::parse(with_full_name(value), "driver"));
  const std::string driver = settings.take("driver");
  if (driver == "help" || driver == "?") {
    p.options.action = Action::DeviceHelp;
    return {};
  }
  for (const DeviceRow& row : kDevices) {
    if (driver != row.name) continue;
    Or<> made = row.handler(p, settings);
    if (made) made = refuse_rest(settings);
    if (!made) return fail(driver + ": " + made.error().sentence);
    return {};
  }
  return fail("there is no device \"" + value.substr(0, value.find(',')) + "\"; -device help lists all");
}

std::string device_help() {
  std::string text;
  for (const DeviceRow& row : kDevices)
    text += std::string(row.name) + row.settings + "\n        " + row.help + "\n";
  return text;
}

namespace device_option {

Or<> pc_dimm(Parser& p, KeyValues& settings) {
  DimmSpec dimm;
  dimm.id = settings.take("id");
  dimm.memdev = settings.take("memdev");
  if (dimm.memdev.empty()) return fail("needs the id of its memory: memdev=ID");
  dimm.slot = ~0u;
  dimm.base = GuestPhys{~u64{0}};
  if (const std::string* slot = settings.find("slot")) dimm.slot = TRY(small_number(*slot, "slot", 255));
  if (const std::string* base = settings.find("addr")) dimm.base = GuestPhys{TRY(parse_number(*base))};
  settings.take("slot"), settings.take("addr");
  dimm.node = TRY(small_number(settings.take("node", "0"), "node", 63));
  p.options.machine.dimms.push_back(std::move(dimm));
  return {};
}

Or<> virtio_rng(Parser& p, KeyValues& settings) {
  const std::string source = settings.take("rng");
  if (!source.empty() && std::find(p.rng_objects.begin(), p.rng_objects.end(), source) == p.rng_objects.end())
    return fail("there is no -object with id \"" + source + "\" before it");
  p.options.machine.virtio.push_back(TRY(virtio(VirtioSpec::Kind::kRng, settings)));
  return {};
}

Or<> virtio_blk(Parser& p, KeyValues& settings) {
  const std::string drive = settings.take("drive");
  if (drive.empty()) return fail("needs the id of its drive: drive=ID");
  VirtioSpec spec = TRY(virtio(VirtioSpec::Kind::kBlock, settings));
  spec.drive = drive;
  p.options.machine.virtio.push_back(std::move(spec));
  return {};
}

Or<> virtio_serial(Parser& p, KeyValues& settings) {
  p.options.machine.virtio.push_back(TRY(virtio(VirtioSpec::Kind::kConsole, settings)));
  return {};
}

Or<> virtconsole(Parser& p, KeyValues& settings) {
  const std::string id = settings.take("chardev");
  settings.take("id"), settings.take("name"), settings.take("bus"), settings.take("nr");
  const host::ChardevSpec* spec = TRY(chardev_of(p, id));
  p.options.attachments.push_back({Attachment::Use::Stream, *spec, id, stream::kVirtioConsoles + p.virtio_consoles++});
  return {};
}

Or<> isa_serial(Parser& p, KeyValues& settings) {
  const std::string id = settings.take("chardev"), index = settings.take("index");
  settings.take("id");
  const host::ChardevSpec* spec = TRY(chardev_of(p, id));
  const u32 port = index.empty() ? p.serial_ports : TRY(small_number(index, "index", stream::kSerialPorts - 1));
  return p.add_serial(port, {Attachment::Use::Stream, *spec, id});
}

Or<> isa_debugcon(Parser& p, KeyValues& settings) {
  const std::string id = settings.take("chardev"), base = settings.take("iobase");
  settings.take("id");
  const host::ChardevSpec* spec = TRY(chardev_of(p, id));
  std::optional<u32> port;
  if (!base.empty()) port = TRY(small_number(base, "iobase", 0xffff));
  return p.add_debug_console({Attachment::Use::Stream, *spec, id}, port);
}

Or<> isa_debug_exit(Parser& p, KeyValues& settings) {
  settings.take("id");
  MachineConfig& machine = p.options.machine;
  machine.debug_exit = TRY(small_number(settings.take("iobase", "0x501"), "iobase", 0xffff));
  machine.debug_exit_ports = TRY(small_number(settings.take("iosize", "2"), "iosize", 4));
  if (machine.debug_exit_ports == 0 || machine.debug_exit_ports == 3) return fail("iosize is 1, 2 or 4");
  return {};
}

}  // namespace device_option
}  // namespace paemu::app
