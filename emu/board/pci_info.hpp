// PciInfo: a PCI function as people and management programs are shown it.
#pragma once

#include <vector>

#include "base/types.hpp"

namespace paemu {
using namespace base;

struct PciInfo {
  struct Region {
    u32 bar;
    bool ports;  // else memory
    u64 base;    // ~0: placed nowhere
    u32 size;
  };
  u32 device, function;
  u16 vendor, device_id, subsystem_vendor, subsystem, class_code;
  u8 interrupt_line, interrupt_pin;  // pin 0: none; 1: INTA
  std::vector<Region> regions;
};

}  // namespace paemu
