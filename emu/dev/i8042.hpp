// 8042: the keyboard controller, with a keyboard on its first port and nothing on its second.
// Source: IBM PS/2 Hardware Interface Technical Reference, "Keyboard and auxiliary device controller".
#pragma once

#include <functional>
#include <span>

#include "base/fields.hpp"
#include "bus/io.hpp"
#include "bus/line.hpp"

namespace paemu {

class I8042 final {
 public:
  static constexpr u32 kQueueSize = 64;

  struct State {
    u8 command_byte = 0x45;     // bit 0 interrupt, 2 system flag, 4 keyboard disabled, 6 translate
    u8 output_port = 0xdf;      // bit 0 reset (active low), bit 1 A20
    u8 pending_command = 0;     // a controller command that waits for its byte; 0: none
    u8 keyboard_command = 0;    // a keyboard command that waits for its byte; 0: none
    bool scanning = true;       // the keyboard sends keys
    u8 queue[kQueueSize] = {};  // ring of bytes for the guest
    u32 first = 0;
    u32 count = 0;
    FIELDS(command_byte, output_port, pending_command, keyboard_command, scanning, queue, first, count)
    bool valid() const { return first < kQueueSize && count <= kQueueSize; }
  };

  struct Callbacks {
    std::function<void(bool)> set_a20;
    std::function<void()> reset;
  };
  explicit I8042(Callbacks callbacks);

  Line irq;  // output buffer full: IRQ 1

  IoDevice& data_port() { return data_; }        // 0x60
  IoDevice& command_port() { return command_; }  // 0x64

  // Scan codes of set 1, as the guest shall see them. What does not fit the queue is lost.
  void keys(std::span<const u8> scan_codes);

  void reset();
  State& state() { return state_; }

 private:
  struct DataPort final : IoDevice {
    explicit DataPort(I8042& k) : kbc(k) {}
    u64 io_read(u64, u32) override { return kbc.read_data(); }
    void io_write(u64, u32, u64 value) override { kbc.write_data(static_cast<u8>(value)); }
    I8042& kbc;
  };
  struct CommandPort final : IoDevice {
    explicit CommandPort(I8042& k) : kbc(k) {}
    u64 io_read(u64, u32) override { return kbc.status(); }
    void io_write(u64, u32, u64 value) override { kbc.write_command(static_cast<u8>(value)); }
    I8042& kbc;
  };

  u8 status() const;
  u8 read_data();
  void write_data(u8 value);
  void write_command(u8 value);
  void write_keyboard(u8 value);
  void write_output_port(u8 value);
  void push(u8 byte);
  void update_irq();

  State state_;
  Callbacks callbacks_;
  DataPort data_;
  CommandPort command_;
};

}  // namespace paemu
