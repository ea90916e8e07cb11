// The ACPI tables that firmware left in memory: found, mapped, checked (ACPI 5.2).
#pragma once

#include "lib/errno.hpp"

namespace ido::acpi {

// What the FADT says of the fixed hardware (5.2.9). Ports; 0: not there.
struct FixedHardware {
  u16 sci_irq = 0;
  u16 smi_command = 0;
  u8 enable_value = 0;      // to smi_command, switches ACPI mode on
  u16 pm1_event[2] = {};    // PM1a, PM1b: status, then enable
  u8 pm1_event_length = 0;  // bytes of both
  u16 pm1_control[2] = {};
  u16 gpe_block[2] = {};      // GPE0, GPE1: status, then enable
  u8 gpe_length[2] = {};      // bytes of both
  u8 gpe1_base = 0;           // number of GPE1's first event
  bool power_button = false;  // is fixed hardware
  bool has_reset = false;
  u8 reset_space = 0;  // 0 memory, 1 port
  u64 reset_address = 0;
  u8 reset_value = 0;
};

// A mapped table, header included. The checksum was right.
struct Table {
  const u8* data = nullptr;
  u32 size = 0;  // bytes
};

// The RSDP (5.2.5), in the direct map; nullptr when there is none.
const u8* find_rsdp();

class Tables {
 public:
  // Errno::kNoDev: no RSDP; kInval: damaged (a line in the log says which).
  Or<> find();
  const FixedHardware& fixed() const { return fixed_; }
  Table dsdt() const { return dsdt_; }
  // The `number`th table with this signature, from 0; data nullptr when there is none.
  Table get(const char* signature, u32 number) const;

 private:
  static constexpr u32 kMaxTables = 32;
  Or<> read_fadt();

  Table tables_[kMaxTables];
  u32 count_ = 0;
  Table dsdt_;
  FixedHardware fixed_;
};

}  // namespace ido::acpi
