// 8042: the keyboard controller, with a port for the keyboard and one for the mouse.
// Source: IBM PS/2 Hardware Interface Technical Reference, "Keyboard and auxiliary device controller".
//
// It takes a byte from a device when its output buffer is empty and the device's clock is not held; what the keyboard
// sends it translates from scan code set 2 to set 1, if the command byte says so.
#pragma once

#include <functional>

#include "base/fields.hpp"
#include "bus/io.hpp"
#include "bus/line.hpp"
#include "bus/ps2.hpp"

namespace paemu {

class I8042 final : private LineInput {
 public:
  static constexpr u32 kReplies = 8;
  enum class From : u8 { kController, kKeyboard, kMouse, kLast = kMouse };

  struct Reply {
    u8 byte = 0;
    From from = From::kController;
    FIELDS(byte, from)
  };
  struct State {
    u8 command_byte = 0x45;  // bit 0 and 1 interrupts, 2 system flag, 4 and 5 ports off, 6 translate
    u8 output_port = 0xdf;   // bit 0 reset (active low), bit 1 A20
    u8 pending_command = 0;  // a controller command that waits for its byte; 0: none
    u8 memory[32] = {};      // its RAM; byte 0 is the command byte
    u8 output = 0;           // the output buffer
    bool full = false;       // the guest has not read it
    From from = From::kController;
    bool command_written = false;  // the last write was to port 64
    bool release = false;          // the translation has seen f0
    Reply replies[kReplies] = {};  // of the controller itself, waiting for the output buffer
    u32 reply_count = 0;
    FIELDS(command_byte, output_port, pending_command, memory, output, full, from, command_written, release, replies,
           reply_count)
    bool valid() const { return reply_count <= kReplies; }
  };

  struct Callbacks {
    std::function<void(bool)> set_a20;
    std::function<void()> reset;
  };
  I8042(Callbacks callbacks, Ps2Device& keyboard, Ps2Device& mouse);

  Line keyboard_irq;  // output buffer full: IRQ 1
  Line mouse_irq;     // IRQ 12

  // Where the devices' attention lines end: pin 0 the keyboard's, pin 1 the mouse's.
  LineInput& attention() { return *this; }

  IoDevice& data_port() { return data_; }        // 0x60
  IoDevice& command_port() { return command_; }  // 0x64

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

  void set_line(u32 pin, bool level) override;
  u8 status() const;
  u8 read_data();
  void write_data(u8 value);
  void write_command(u8 value);
  void write_command_byte(u8 value);
  void write_output_port(u8 value);
  void reply(u8 byte, From from = From::kController);
  void put(u8 byte, From from);
  bool translated(u8& byte);
  void fill();
  void update_irqs();

  State state_;
  Callbacks callbacks_;
  Ps2Device& keyboard_;
  Ps2Device& mouse_;
  DataPort data_;
  CommandPort command_;
  bool filling_ = false;  // a device's line moved because we took its byte
};

}  // namespace paemu
