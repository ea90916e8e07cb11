// VirtioSpec: a virtio device of the configuration.
#pragma once

#include <string>

#include "base/fields.hpp"
#include "base/types.hpp"

namespace paemu {
using namespace base;

inline constexpr u32 kAnyPciDevice = ~0u;

struct VirtioSpec {
  enum class Kind : u8 { kRng, kConsole, kBlock, kLast = kBlock };
  Kind kind = Kind::kRng;
  std::string id;
  u32 device = kAnyPciDevice;  // on PCI bus 0
  bool legacy = true;          // drivers that know only virtio 0.9 find it
  bool modern = true;          // those of virtio 1 do
  std::string drive;           // kBlock: the id of the configuration's
  FIELDS(kind, id, device, legacy, modern, drive)
};

}  // namespace paemu
