// The drives that the command line asks for: their options read, their images opened.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "board/machine_config.hpp"
#include "host/disk_image.hpp"

namespace paemu::app {

// -drive, and -hda and its kin, which stand for one.
struct DriveOption {
  DriveSpec spec;            // index is 0 and id empty until finish_drives()
  std::string file;          // path; empty: no medium
  std::optional<u32> index;  // nothing: the next free place
  bool read_only = false;
  std::optional<bool> snapshot;  // nothing: as -snapshot says
};

// "file=disk.img,format=raw,if=ide,index=0,...". Errors without the option's name.
Or<DriveOption> parse_drive(const std::string& value);

// Gives each its place and id, as QEMU does. Errors: a place that is taken or not there, an id that is given twice.
Or<> finish_drives(std::vector<DriveOption>& drives);

// Opens an image as a medium. Errors name the path.
Or<std::unique_ptr<Medium>> open_image(const std::string& path, bool read_only, bool snapshot);

// Opens all images. -> the configuration's drives.
Or<std::vector<DriveSpec>> open_drives(const std::vector<DriveOption>& drives, bool snapshot, host::DiskImages& images);

}  // namespace paemu::app
