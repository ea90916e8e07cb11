// I8237: the two DMA controllers of the ISA bus, and their page registers. Sources: Intel 8237A data sheet (231466);
// 82371SB data sheet (290550), chapter 2.5, for the pages and that the second controller moves words.
//
//   0x00-0x0f channels 0 to 3, bytes | 0xc0-0xdf channels 4 to 7, words; 4 carries the first controller
//   0x81-0x8f page registers: address bits 16 to 23 of a channel
#pragma once

#include <array>

#include "base/fields.hpp"
#include "bus/io.hpp"
#include "bus/isa_dma.hpp"
#include "memory/physical_memory.hpp"

namespace paemu {

class I8237 final : public IsaDma {
 public:
  struct Channel {
    u16 base_address = 0, base_count = 0;
    u16 address = 0, count = 0;  // count: transfers less one
    u8 mode = 0;
    FIELDS(base_address, base_count, address, count, mode)
  };
  struct Controller {
    std::array<Channel, 4> channels;
    u8 command = 0;
    u8 mask = 0x0f;
    u8 terminal_counts = 0;  // status, bits 0 to 3
    bool high_byte = false;  // the flip-flop
    FIELDS(channels, command, mask, terminal_counts, high_byte)
  };
  struct State {
    std::array<Controller, 2> controllers;
    std::array<u8, 16> pages{};  // by port less 0x80
    FIELDS(controllers, pages)
  };

  explicit I8237(PhysicalMemory& memory) : memory_(memory), first_(*this, 0), second_(*this, 1), pages_(*this) {}

  IoDevice& first_ports() { return first_; }    // 16 ports at 0x00
  IoDevice& second_ports() { return second_; }  // 32 ports at 0xc0
  IoDevice& page_ports() { return pages_; }     // 15 ports at 0x81

  Moved to_memory(u32 channel, std::span<const u8> bytes) override;
  Moved from_memory(u32 channel, std::span<u8> bytes) override;

  void reset() { state_ = State{}; }
  State& state() { return state_; }

 private:
  struct ControllerPorts final : IoDevice {
    ControllerPorts(I8237& d, u32 n) : dma(d), number(n) {}
    u64 io_read(u64 offset, u32 size) override;
    void io_write(u64 offset, u32 size, u64 value) override;
    I8237& dma;
    u32 number;
  };
  struct PagePorts final : IoDevice {
    explicit PagePorts(I8237& d) : dma(d) {}
    u64 io_read(u64 offset, u32) override { return dma.state_.pages[offset + 1]; }
    void io_write(u64 offset, u32, u64 value) override { dma.state_.pages[offset + 1] = static_cast<u8>(value); }
    I8237& dma;
  };
  enum class Direction : u8 { kVerify, kToMemory, kFromMemory };

  u8 read(Controller& c, u32 reg);
  void write(Controller& c, u32 reg, u8 value);
  template <class Byte, class Move>  // move(address, span<Byte>)
  Moved transfer(u32 channel, std::span<Byte> bytes, Direction direction, Move&& move);

  State state_;
  PhysicalMemory& memory_;
  ControllerPorts first_, second_;
  PagePorts pages_;
};

}  // namespace paemu
