// The options about drives, and what to boot from.
#include "app/option_parser.hpp"
#include "base/key_values.hpp"

namespace paemu::app::option {
namespace {

// QEMU's meaning of its old options: a -drive with a file that may hold commas.
Or<> add_drive(Parser& p, const std::string& file, DriveBus bus, DriveKind kind, u32 index) {
  if (file.empty()) return fail("the file's name is empty");
  DriveOption drive;
  drive.file = file;
  drive.index = index;
  drive.spec.bus = bus;
  drive.spec.kind = kind;
  p.options.drives.push_back(std::move(drive));
  return {};
}

Or<std::string> boot_letters(const std::string& value) {
  for (const char c : value) {
    if (std::string_view("acdn").find(c) == std::string_view::npos)
      return fail("\"" + std::string(1, c) + "\" is no boot device; use a (diskette), c (disk) or d (CD)");
  }
  return value;
}

}  // namespace

Or<> hda(Parser& p, const std::string& value) { return add_drive(p, value, DriveBus::kIde, DriveKind::kDisk, 0); }
Or<> hdb(Parser& p, const std::string& value) { return add_drive(p, value, DriveBus::kIde, DriveKind::kDisk, 1); }
Or<> hdc(Parser& p, const std::string& value) { return add_drive(p, value, DriveBus::kIde, DriveKind::kDisk, 2); }
Or<> hdd(Parser& p, const std::string& value) { return add_drive(p, value, DriveBus::kIde, DriveKind::kDisk, 3); }
Or<> cdrom(Parser& p, const std::string& value) { return add_drive(p, value, DriveBus::kIde, DriveKind::kCdrom, 2); }
Or<> fda(Parser& p, const std::string& value) { return add_drive(p, value, DriveBus::kFloppy, DriveKind::kFloppy, 0); }

Or<> drive(Parser& p, const std::string& value) {
  p.options.drives.push_back(TRY(parse_drive(value)));
  return {};
}

Or<> snapshot(Parser& p, const std::string&) {
  p.options.snapshot = true;
  return {};
}

Or<> boot(Parser& p, const std::string& value) {
  KeyValues settings = TRY(KeyValues::parse(value, "order"));
  p.options.machine.boot_order = TRY(boot_letters(settings.take("order")));
  p.options.machine.boot_once = TRY(boot_letters(settings.take("once")));
  p.options.machine.boot_menu = TRY(parse_switch(settings.take("menu", "off")));
  // How long the menu waits, what it shows before, and whether to go on with devices that are not named.
  for (const char* key : {"strict", "splash", "splash-time", "reboot-timeout"}) settings.take(key);
  if (settings.items().empty()) return {};
  return fail("has no setting \"" + settings.items()[0].first + "\"");
}

}  // namespace paemu::app::option
