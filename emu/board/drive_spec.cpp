#include "board/drive_spec.hpp"

namespace paemu {

Or<> check_drives(const std::vector<DriveSpec>& drives) {
  if (drives.size() > kMaxDrives) return fail("there are more than " + std::to_string(kMaxDrives) + " drives");
  for (usize i = 0; i < drives.size(); ++i) {
    const DriveSpec& d = drives[i];
    const u32 places = d.bus == DriveBus::kIde ? kIdeDrives : d.bus == DriveBus::kFloppy ? kFloppyDrives : kMaxDrives;
    if (d.index >= places)
      return fail("drive \"" + d.id + "\" has index " + std::to_string(d.index) + ", but there are places 0 to " +
                  std::to_string(places - 1));
    if (d.bus == DriveBus::kIde && d.kind == DriveKind::kFloppy) return fail("drive \"" + d.id + "\" is no IDE drive");
    if (!d.removable() && d.medium.number == 0) return fail("disk \"" + d.id + "\" has no image");
    for (usize other = 0; other < i; ++other) {
      const bool same = drives[other].bus == d.bus && drives[other].index == d.index && d.bus != DriveBus::kNone;
      if (same) return fail("drives \"" + drives[other].id + "\" and \"" + d.id + "\" are in the same place");
      if (drives[other].id == d.id) return fail("two drives have the id \"" + d.id + "\"");
      if (d.medium.number != 0 && drives[other].medium.number == d.medium.number)
        return fail("drives \"" + drives[other].id + "\" and \"" + d.id + "\" have the same medium");
    }
  }
  return {};
}

}  // namespace paemu
