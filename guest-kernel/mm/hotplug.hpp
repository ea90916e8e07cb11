// Adding and removing memory while the system runs: what acpi, sysfs and the hotplug policy call.
//
// Ranges are whole sections. Each call is all or nothing over its whole range. From tasks only; they sleep. One runs at
// a time: a second caller waits.
#pragma once

#include "mm/sections.hpp"

namespace ido {

// What newly added memory is used for.
enum class OnlinePolicy : u8 {
  kOffline,  // nothing until someone writes "online" to its state
  kMovable,  // the default: pages that can move, so that the memory can leave again
  kKernel,   // any zone: also for kernel pages
};
OnlinePolicy online_policy();
void set_online_policy(OnlinePolicy policy);  // /sys/devices/system/memory/auto_online_blocks

// New memory: makes its sections and mem_map, offline. Errno::kInval: not whole sections; kExist: present already;
// kRange: beyond what the vmemmap window holds; kNoMem.
Or<> add_memory(u64 base, u64 size, u32 node);
// add_memory, then online by the policy. What acpi calls for a new DIMM; undone wholly on failure.
Or<> add_and_online_memory(u64 base, u64 size, u32 node);

enum class OnlineAs : u8 { kDefault, kMovable, kKernel };
Or<> online_memory(u64 base, u64 size, OnlineAs as = OnlineAs::kDefault);

// Why a range did not go offline, in the words of docs/migration.md, or what it took.
struct OfflineReport {
  enum class Blocked : u8 {
    kNothing,    // it went
    kKernelUse,  // the kernel's own page
    kReserved,   // firmware or boot data
    kPinned,     // its frame number is held
    kBusy,       // users in flight did not let go of it
    kNoMemory,   // nowhere to move it to
    kRefused,    // its owner would not move it
    kState,      // a section is not online
  };
  Blocked blocked = Blocked::kNothing;
  Pfn frame{0};
  char owner[48] = {};  // "slab 'dentry'", "page table", "/tmp/file"
  u32 migrated_pages = 0;
  u32 rounds = 0;      // passes over the range
  u64 elapsed_ns = 0;  // from step 2 to the end
  // One sentence: "frame 0x140003: slab 'dentry': the kernel's own memory can't move".
  void format(char* buffer, u32 size) const;
};

// Empties the range and takes it out of use. Errno::kBusy with the report; then everything is as it was.
Or<> offline_memory(u64 base, u64 size, OfflineReport& report);
// Forgets an offline range: frees its mem_map and sections. Errno::kBusy if some of it is not offline.
Or<> remove_memory(u64 base, u64 size);
// What acpi calls for an eject request: sections that are offline already count as success.
Or<> offline_and_remove_memory(u64 base, u64 size, OfflineReport& report);

}  // namespace ido
