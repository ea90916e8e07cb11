// The SMBus host controller of the PIIX4, a part of its function 3: software places its 16 ports by SMBBA and switches
// it on by SMBHSTCFG (dev/piix4_pm.hpp has both). Source: Intel 82371AB data sheet (290562), chapter 7.3; the protocols
// are those of the SMBus specification 1.1, 5.5.
//
// A transfer takes no time here: it is over when the write of START is. It has no interrupt: the PIIX4's would be an
// SMI or IRQ 9, which drivers for it do not wait for. Nor is there another master, so the slave's part stays silent.
#pragma once

#include "base/fields.hpp"
#include "bus/io.hpp"
#include "bus/smbus.hpp"

namespace paemu {

class Piix4Smbus final : public IoDevice {
 public:
  static constexpr u32 kLength = 16;
  static constexpr u32 kLongestBlock = 32;

  struct State {
    u8 host_status = 0;
    u8 host_control = 0;
    u8 host_command = 0;
    u8 host_address = 0;
    u8 data0 = 0, data1 = 0;
    u8 block[kLongestBlock] = {};
    u8 block_index = 0;
    u8 slave_control = 0, shadow_command = 0;
    u8 slave_event[2] = {};
    FIELDS(host_status, host_control, host_command, host_address, data0, data1, block, block_index, slave_control,
           shadow_command, slave_event)
  };

  explicit Piix4Smbus(SmbusTargets& targets) : targets_(targets) {}

  u64 io_read(u64 offset, u32 size) override;  // a byte an access
  void io_write(u64 offset, u32 size, u64 value) override;

  void reset() { state_ = State{}; }
  State& state() { return state_; }

 private:
  void run();
  bool transfer();

  State state_;
  SmbusTargets& targets_;
};

}  // namespace paemu
