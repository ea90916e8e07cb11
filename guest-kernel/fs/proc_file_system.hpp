// procfs: what is not about one process is here, in Linux's formats (proc(5)); proc adds a directory a process.
#pragma once

#include "fs/virtual_tree.hpp"

namespace ido::fs {

inline constexpr u32 kProcMagic = 0x9fa0;

Or<Ref<Inode>> make_proc();

// How proc takes part: its fixed files go into every new root; process directories are looked up and listed.
struct ProcessFiles {
  Or<> (*add_fixed)(VirtualDirectory& root) = nullptr;
  Or<> (*add_settings)(VirtualDirectory& sys) = nullptr;  // to /proc/sys
  Or<Ref<Inode>> (*find)(u32 pid) = nullptr;
  u32 (*next)(u32 after) = nullptr;  // the smallest pid above `after`, 0: none
};
void set_process_files(ProcessFiles files);

// /proc/PID/mounts and mountinfo; all processes see the same mounts, each from its own root.
Or<> render_mounts(Text& text, u32);
Or<> render_mount_information(Text& text, u32);

}  // namespace ido::fs
