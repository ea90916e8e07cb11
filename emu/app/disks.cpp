#include "app/disks.hpp"

#include <algorithm>

#include "base/key_values.hpp"
#include "base/size_text.hpp"
#include "host/overlay_image.hpp"

namespace paemu::app {
namespace {

struct BusName {
  const char* name;
  DriveBus bus;
};
constexpr BusName kBusNames[] = {
    {"ide", DriveBus::kIde}, {"floppy", DriveBus::kFloppy}, {"virtio", DriveBus::kVirtio}, {"none", DriveBus::kNone}};

Or<u32> place(KeyValues& settings, const char* key) {
  const std::string text = settings.take(key);
  const Or<u64> number = parse_number(text);
  if (!number || number.value() >= kMaxDrives)
    return fail(std::string(key) + " \"" + text + "\" is not a number from 0 to " + std::to_string(kMaxDrives - 1));
  return static_cast<u32>(number.value());
}

// Settings that change nothing here: there is one way to reach an image, and it is a safe one.
void take_ignored(KeyValues& settings) {
  for (const char* key : {"cache", "aio", "discard", "detect-zeroes", "werror", "rerror", "copy-on-read", "locking",
                          "auto-read-only", "file.locking"})
    settings.take(key);
}

// As QEMU names drives that were given no id.
std::string default_id(const DriveSpec& d) {
  const std::string kind = d.kind == DriveKind::kCdrom ? "-cd" : "-hd";
  switch (d.bus) {
    case DriveBus::kIde: return "ide" + std::to_string(d.index / 2) + kind + std::to_string(d.index % 2);
    case DriveBus::kFloppy: return "floppy" + std::to_string(d.index);
    case DriveBus::kVirtio: return "virtio" + std::to_string(d.index);
    case DriveBus::kNone: return "none" + std::to_string(d.index);
  }
  return {};
}

u32 next_free(const std::vector<DriveOption>& drives, DriveBus bus) {
  u32 index = 0;
  const auto taken = [&](const DriveOption& d) { return d.spec.bus == bus && d.index == index; };
  while (std::any_of(drives.begin(), drives.end(), taken)) ++index;
  return index;
}

}  // namespace

Or<DriveOption> parse_drive(const std::string& value) {
  KeyValues settings = TRY(KeyValues::parse(value));
  DriveOption drive;
  DriveSpec& spec = drive.spec;
  const std::string bus = settings.take("if", "ide");
  const auto named =
      std::find_if(std::begin(kBusNames), std::end(kBusNames), [&](const BusName& b) { return bus == b.name; });
  if (named == std::end(kBusNames)) return fail("if=" + bus + " is not there; use ide, floppy, virtio or none");
  spec.bus = named->bus;
  spec.kind = spec.bus == DriveBus::kFloppy ? DriveKind::kFloppy : DriveKind::kDisk;
  const std::string media = settings.take("media", "disk");
  if (media == "cdrom" && spec.bus != DriveBus::kFloppy)
    spec.kind = DriveKind::kCdrom;
  else if (media != "disk")
    return fail("media=" + media + " does not go with if=" + bus + "; use disk" +
                (spec.bus == DriveBus::kFloppy ? "" : " or cdrom"));
  drive.file = settings.take("file");
  if (const std::string format = settings.take("format", "raw"); format != "raw")
    return fail("format=" + format + " is not known, images are raw; convert one by: qemu-img convert -O raw OLD NEW");
  if (settings.find("index") != nullptr) drive.index = TRY(place(settings, "index"));
  if (settings.find("bus") != nullptr || settings.find("unit") != nullptr) {
    if (drive.index) return fail("index and bus, unit say the same; give one of them");
    const u32 channel = settings.find("bus") != nullptr ? TRY(place(settings, "bus")) : 0;
    const u32 unit = settings.find("unit") != nullptr ? TRY(place(settings, "unit")) : 0;
    drive.index = spec.bus == DriveBus::kIde ? channel * 2 + unit : unit;
  }
  spec.id = settings.take("id");
  spec.serial = settings.take("serial");
  if (spec.serial.size() > 20) return fail("serial \"" + spec.serial + "\" is longer than 20 characters");
  for (const char* key : {"readonly", "read-only"})
    if (settings.find(key) != nullptr) drive.read_only = TRY(parse_switch(settings.take(key)));
  if (settings.find("snapshot") != nullptr) drive.snapshot = TRY(parse_switch(settings.take("snapshot")));
  take_ignored(settings);
  if (!settings.items().empty()) return fail("has no setting \"" + settings.items()[0].first + "\"");
  if (drive.file.empty() && !spec.removable()) return fail("a disk needs its image: file=PATH");
  return drive;
}

Or<> finish_drives(std::vector<DriveOption>& drives) {
  std::vector<DriveSpec> specs;
  for (DriveOption& d : drives) {
    if (!d.index) d.index = next_free(drives, d.spec.bus);
    d.spec.index = *d.index;
    if (d.spec.id.empty()) d.spec.id = default_id(d.spec);
    // "QM00001" and on in QEMU: guests name disks by it.
    if (d.spec.serial.empty()) d.spec.serial = "PM0000" + std::to_string(d.spec.index + 1);
    specs.push_back(d.spec);
    specs.back().medium.number = d.file.empty() ? 0 : static_cast<u32>(specs.size());
  }
  return check_drives(specs);
}

Or<std::unique_ptr<Medium>> open_image(const std::string& path, bool read_only, bool snapshot) {
  const auto access = read_only || snapshot ? host::ImageAccess::kReadOnly : host::ImageAccess::kReadWrite;
  std::unique_ptr<Medium> image = TRY(host::RawImage::open(path, access));
  if (snapshot && !read_only) image = TRY(host::OverlayImage::create(std::move(image)));
  return image;
}

Or<std::vector<DriveSpec>> open_drives(const std::vector<DriveOption>& drives, bool snapshot,
                                       host::DiskImages& images) {
  std::vector<DriveSpec> specs;
  for (const DriveOption& d : drives) {
    specs.push_back(d.spec);
    if (d.file.empty()) continue;
    const bool read_only = d.read_only || d.spec.kind == DriveKind::kCdrom;
    Or<std::unique_ptr<Medium>> medium = open_image(d.file, read_only, d.snapshot.value_or(snapshot));
    if (!medium) return fail("-drive: " + medium.error().sentence);
    specs.back().medium = images.add(std::move(medium).value(), d.file);
  }
  return specs;
}

}  // namespace paemu::app
