// Where DIMMs go, and whether a request makes sense: pure functions of the configuration and of what is plugged in.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "board/machine_config.hpp"
#include "memory/dimm.hpp"

namespace paemu {

// In a wanted DimmSpec: choose for me.
inline constexpr u32 kAnySlot = ~0u;
inline constexpr GuestPhys kAnyBase{~u64{0}};

using DimmList = std::vector<std::unique_ptr<Dimm>>;

// Where hotplug DIMMs may sit: [base, base + size); size 0 when the configuration has no room or no slot for any.
struct HotplugWindow {
  GuestPhys base;
  u64 size = 0;  // bytes: maxmem less the boot RAM
};
HotplugWindow hotplug_window(const MachineConfig& config);

// Errors: a memory size, slot count or address width that no machine can have.
Or<> check_memory_config(const MachineConfig& config);

// The DIMMs that hold the boot RAM, in ascending order: "boot0" up to 3 GiB, "boot1" from 4 GiB for the rest.
std::vector<DimmSpec> boot_dimms(const MachineConfig& config);

// `wanted` with id ("": the first free dimmN), slot and base (first fit in the hotplug window, on 512 MiB for
// a size that is a multiple of them) filled in where open.
// Errors: a size that is zero or no multiple of 128 MiB; a base that is misaligned, taken or outside the window; a slot
// that is taken or does not exist; an id in use; no slot or room left; an unknown node.
Or<DimmSpec> plan_insert(const MachineConfig& config, const DimmList& present, DimmSpec wanted);

// May the guest be asked to let it go, or may it be pulled? Errors: no such DIMM; it holds boot RAM.
Or<> check_eject(const DimmList& present, const std::string& id);

}  // namespace paemu
