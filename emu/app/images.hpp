// The files that a run starts from: found, read, and looked at before anything starts.
#pragma once

#include "app/options.hpp"
#include "base/error.hpp"
#include "board/machine_config.hpp"

namespace paemu::app {

// The bundled file of this name: beside the program, or in share/paemu beside its folder. Errors: in neither.
Or<std::string> find_bundled(const std::string& name);

// Errors: a file that is missing, unreadable, empty or too large, and a kernel that the firmware would not start.
Or<Images> load_images(const Options& options);

// Is `kernel` something that the firmware can start? A Linux bzImage, or a Multiboot 1 header (specification 3.1) in
// its first 8 KiB, and either an ELF file for the i386 or the header's own load addresses.
Or<> check_kernel(std::span<const u8> kernel);

}  // namespace paemu::app
