// The odd ports of the PC's chip set: 0x61 (NMI status, speaker), 0x92 (A20, fast reset), 0xcf9 (reset control).
// Source: Intel 82371AB (PIIX4) data sheet, registers NMISC (0x61), P92 and RC (0xcf9).
#pragma once

#include <functional>

#include "base/fields.hpp"
#include "bus/io.hpp"
#include "bus/line.hpp"
#include "time/virtual_clock.hpp"

namespace paemu {

class SystemControl final {
 public:
  struct State {
    u8 port_61 = 0;   // bits 0-3 as written
    u8 port_92 = 0;   // bit 1: A20
    u8 port_cf9 = 0;  // bit 1: hard reset rather than soft
    FIELDS(port_61, port_92, port_cf9)
  };
  struct Callbacks {
    std::function<void(bool)> set_a20;
    std::function<void()> reset;
  };

  // timer: line_level(2) is OUT of the 8254's counter 2.
  SystemControl(const VirtualClock& clock, const LineProbe& timer, Callbacks callbacks);

  Line timer_gate;  // GATE of the 8254's counter 2

  IoDevice& port_61() { return ports_[0]; }  // one port of 8 bits
  IoDevice& port_92() { return ports_[1]; }  // one port of 8 bits
  // Four ports from 0xcf8, for accesses that are not PCI's: a byte at 0xcf9 is the reset control register, all else
  // reads as all ones.
  IoDevice& port_cf8() { return cf8_; }

  void reset();
  State& state() { return state_; }

 private:
  struct Port final : IoDevice {
    Port(SystemControl& s, u32 i) : control(s), index(i) {}
    u64 io_read(u64, u32) override { return control.read(index); }
    void io_write(u64, u32, u64 value) override { control.write(index, static_cast<u8>(value)); }
    SystemControl& control;
    u32 index;
  };
  struct PortCf8 final : IoDevice {
    explicit PortCf8(SystemControl& s) : control(s) {}
    u64 io_read(u64 offset, u32 size) override;
    void io_write(u64 offset, u32 size, u64 value) override;
    SystemControl& control;
  };
  u8 read(u32 index) const;
  void write(u32 index, u8 value);

  State state_;
  const VirtualClock& clock_;
  const LineProbe& timer_;
  Callbacks callbacks_;
  Port ports_[2];
  PortCf8 cf8_;
};

}  // namespace paemu
