// The files of /proc that tell of memory: meminfo, vmstat, zoneinfo, buddyinfo, slabinfo, sys/vm. Linux's formats
// (proc(5), and fs/proc and mm/vmstat.c of Linux 6.1 for what it leaves open).
#pragma once

#include "fs/virtual_tree.hpp"

namespace ido::fs {

Or<> add_memory_files(VirtualDirectory& proc);
Or<> add_memory_settings(VirtualDirectory& sys);  // /proc/sys: adds vm

}  // namespace ido::fs
