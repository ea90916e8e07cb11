// Dimm: one memory module: a lazily committed host mapping and where it sits.
#pragma once

#include <string>
#include <utility>

#include "base/fields.hpp"
#include "base/types.hpp"
#include "memory/host_mapping.hpp"

namespace paemu {

enum class Socket : u8 {
  Boot,     // holds the RAM that the machine starts with; not in a hotplug slot, never ejected
  Hotplug,  // in a numbered slot that ACPI knows
  kLast = Hotplug,
};

struct DimmSpec {
  std::string id;      // "dimm1"; unique
  std::string memdev;  // id of its memory backend, "mem1"; empty for boot DIMMs
  Socket socket = Socket::Hotplug;
  u32 slot = 0;    // hotplug slot number
  GuestPhys base;  // multiple of 128 MiB (hotplug)
  u64 size = 0;    // bytes, multiple of 128 MiB (hotplug) or of 1 MiB (boot)
  u32 node = 0;    // proximity domain
  FIELDS(id, memdev, socket, slot, base, size, node)
};

class Dimm {
 public:
  // Maps spec.size bytes, unreserved. Throws std::bad_alloc when the host has no address space left.
  explicit Dimm(DimmSpec spec) : spec_(std::move(spec)), memory_(spec_.size, HostMapping::Kind::kShared) {}

  const DimmSpec& spec() const { return spec_; }
  u8* host() const { return memory_.data(); }
  const HostMapping& memory() const { return memory_; }
  // Makes it all zero and returns it to the host.
  void clear() { memory_.clear(0, spec_.size); }
  bool contains(GuestPhys a) const { return a >= spec_.base && a - spec_.base < spec_.size; }

 private:
  DimmSpec spec_;
  HostMapping memory_;
};

}  // namespace paemu
