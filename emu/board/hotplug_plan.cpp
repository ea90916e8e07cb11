#include "board/hotplug_plan.hpp"

#include <algorithm>
#include <optional>

#include "abi/memory_hotplug.hpp"
#include "abi/memory_map.hpp"
#include "base/bits.hpp"
#include "base/hex_text.hpp"
#include "base/size_text.hpp"

namespace paemu {

namespace {

namespace map = abi::memory_map;

constexpr u64 kLeastRam = 4 * kMiB;

Or<> check_size(const DimmSpec& wanted) {
  if (wanted.size == 0) return fail("a DIMM needs a size, a multiple of 128 MiB; 0 is none");
  if (!is_aligned<u64>(wanted.size, map::kDimmAlignment)) {
    const u64 better =
        wanted.size > ~u64{0} - map::kDimmAlignment ? 0 : align_up<u64>(wanted.size, map::kDimmAlignment);
    return fail("size " + size_text(wanted.size) + " is not a multiple of 128 MiB (a memory section)" +
                (better != 0 ? "; use " + size_text(better) : ""));
  }
  return {};
}

Or<std::string> choose_id(const DimmList& present, const std::string& wanted) {
  const auto taken = [&](const std::string& id) {
    return std::any_of(present.begin(), present.end(), [&](const auto& d) { return d->spec().id == id; });
  };
  if (!wanted.empty()) {
    if (taken(wanted)) return fail("the id \"" + wanted + "\" is in use");
    return wanted;
  }
  for (u32 n = 1;; ++n) {
    const std::string id = "dimm" + std::to_string(n);
    if (!taken(id)) return id;
  }
}

Or<u32> choose_slot(const MachineConfig& config, const DimmList& present, u32 wanted) {
  const auto holder = [&](u32 slot) -> const Dimm* {
    for (const auto& d : present) {
      if (d->spec().socket == Socket::Hotplug && d->spec().slot == slot) return d.get();
    }
    return nullptr;
  };
  if (wanted != kAnySlot) {
    if (wanted >= config.slots) {
      return fail("there is no slot " + std::to_string(wanted) + "; the machine has " +
                  (config.slots == 0 ? std::string("none") : "slots 0 to " + std::to_string(config.slots - 1)));
    }
    if (const Dimm* d = holder(wanted))
      return fail("slot " + std::to_string(wanted) + " holds DIMM \"" + d->spec().id + "\"");
    return wanted;
  }
  for (u32 slot = 0; slot < config.slots; ++slot) {
    if (holder(slot) == nullptr) return slot;
  }
  if (config.slots == 0) return fail("the machine has no memory slots; start it with -m ...,slots=N,maxmem=SIZE");
  return fail("all " + std::to_string(config.slots) + " memory slots are in use");
}

// The lowest multiple of `alignment` in the window that `size` bytes fit at. `present` is in ascending order.
std::optional<GuestPhys> first_fit(const HotplugWindow& window, const DimmList& present, u64 size, u64 alignment) {
  GuestPhys at{align_up<u64>(window.base.value, alignment)};
  for (const auto& d : present) {
    const DimmSpec& other = d->spec();
    if (other.base + other.size <= at) continue;
    if (other.base >= at + size) break;
    at = GuestPhys{align_up<u64>(other.base.value + other.size, alignment)};
  }
  if (at + size <= window.base + window.size) return at;
  return std::nullopt;
}

// Linux for i386 with PAE manages memory in sections of 512 MiB and takes in DIMMs of whole sections only, so a DIMM
// that can fill some is put where it does, if there is such a place.
Or<GuestPhys> choose_base(const HotplugWindow& window, const DimmList& present, u64 size) {
  constexpr u64 kLargeSection = 512 * kMiB;
  std::optional<GuestPhys> base;
  if (is_aligned(size, kLargeSection)) base = first_fit(window, present, size, kLargeSection);
  if (!base) base = first_fit(window, present, size, map::kDimmAlignment);
  if (base) return *base;
  return fail("there is no room for " + size_text(size) + " in one piece; maxmem leaves " + size_text(window.size) +
              " for DIMMs");
}

Or<GuestPhys> check_base(const HotplugWindow& window, const DimmList& present, GuestPhys base, u64 size) {
  if (!is_aligned<u64>(base.value, map::kDimmAlignment))
    return fail("address " + hex_text(base.value) + " is not a multiple of 128 MiB");
  const GuestPhys end = window.base + window.size;
  if (base < window.base || base >= end || size > end - base) {
    return fail("a DIMM of " + size_text(size) + " at " + hex_text(base.value) + " is outside the hotplug window, " +
                hex_text(window.base.value) + " to " + hex_text(end.value));
  }
  for (const auto& d : present) {
    const DimmSpec& other = d->spec();
    if (base < other.base + other.size && other.base < base + size) {
      return fail("a DIMM of " + size_text(size) + " at " + hex_text(base.value) + " overlaps DIMM \"" + other.id +
                  "\" at " + hex_text(other.base.value));
    }
  }
  return base;
}

}  // namespace

HotplugWindow hotplug_window(const MachineConfig& config) {
  const u64 beyond_hole = config.ram_size > map::kLowRamEnd ? config.ram_size - map::kLowRamEnd : 0;
  const u64 base = base::align_up<u64>(map::kHighRam + beyond_hole, map::kHotplugAlignment);
  const bool room = config.slots > 0 && config.maxmem > config.ram_size;
  return {GuestPhys{base}, room ? config.maxmem - config.ram_size : 0};
}

Or<> check_memory_config(const MachineConfig& config) {
  if (config.physical_bits < 32 || config.physical_bits > 40) {
    return fail("physical address bits must be 32 to 40, not " + std::to_string(config.physical_bits));
  }
  const u64 limit = u64{1} << config.physical_bits;
  if (config.ram_size == 0) return fail("the machine needs memory; a size of 0 is none");
  if (!is_aligned<u64>(config.ram_size, kMiB)) {
    return fail("memory size " + size_text(config.ram_size) + " is not a multiple of 1 MiB");
  }
  if (config.ram_size < kLeastRam)
    return fail("memory size " + size_text(config.ram_size) + " is too small; use 4M or more");
  if (config.slots > abi::memory_hotplug::kMaxSlots) {
    return fail("a machine has at most " + std::to_string(abi::memory_hotplug::kMaxSlots) + " memory slots, not " +
                std::to_string(config.slots));
  }
  if (config.maxmem < config.ram_size) {
    return fail("maxmem " + size_text(config.maxmem) + " is less than the memory size " + size_text(config.ram_size));
  }
  for (const DimmSpec& boot : boot_dimms(config)) {
    if (boot.base.value > limit || boot.size > limit - boot.base.value) {
      return fail("memory size " + size_text(config.ram_size) + " does not fit " +
                  std::to_string(config.physical_bits) + " physical address bits");
    }
  }
  const HotplugWindow window = hotplug_window(config);
  if (window.size > 0 && (window.base.value > limit || window.size > limit - window.base.value)) {
    return fail("maxmem " + size_text(config.maxmem) + " does not fit " + std::to_string(config.physical_bits) +
                " physical address bits: DIMMs would end at " + hex_text(window.base.value + window.size));
  }
  if (config.numa_nodes == 0) return fail("a machine has at least one NUMA node");
  return {};
}

std::vector<DimmSpec> boot_dimms(const MachineConfig& config) {
  const u64 low = std::min<u64>(config.ram_size, map::kLowRamEnd);
  std::vector<DimmSpec> dimms;
  dimms.push_back(DimmSpec{.id = "boot0", .memdev = "", .socket = Socket::Boot, .base = GuestPhys{0}, .size = low});
  if (config.ram_size > low) {
    dimms.push_back(DimmSpec{.id = "boot1",
                             .memdev = "",
                             .socket = Socket::Boot,
                             .base = GuestPhys{map::kHighRam},
                             .size = config.ram_size - low});
  }
  return dimms;
}

Or<DimmSpec> plan_insert(const MachineConfig& config, const DimmList& present, DimmSpec wanted) {
  TRY(check_size(wanted));
  wanted.socket = Socket::Hotplug;
  wanted.id = TRY(choose_id(present, wanted.id));
  wanted.slot = TRY(choose_slot(config, present, wanted.slot));
  if (wanted.node >= config.numa_nodes) {
    return fail("there is no NUMA node " + std::to_string(wanted.node) + "; the machine has " +
                std::to_string(config.numa_nodes));
  }
  const HotplugWindow window = hotplug_window(config);
  u64 plugged = 0;
  for (const auto& d : present) plugged += d->spec().socket == Socket::Hotplug ? d->spec().size : 0;
  if (wanted.size > window.size - plugged) {
    return fail("a DIMM of " + size_text(wanted.size) + " would exceed maxmem " + size_text(config.maxmem) + "; " +
                size_text(window.size - plugged) + " is left");
  }
  wanted.base = wanted.base == kAnyBase ? TRY(choose_base(window, present, wanted.size))
                                        : TRY(check_base(window, present, wanted.base, wanted.size));
  return wanted;
}

Or<> check_eject(const DimmList& present, const std::string& id) {
  for (const auto& d : present) {
    if (d->spec().id != id) continue;
    if (d->spec().socket == Socket::Boot) return fail("\"" + id + "\" holds the boot RAM and can't be removed");
    return {};
  }
  return fail("there is no DIMM \"" + id + "\"");
}

}  // namespace paemu
