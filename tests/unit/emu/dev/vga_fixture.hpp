// A VGA alone, with the means of a program: ports, the window at 0xa0000, PCI configuration.
#pragma once

#include "dev/vga.hpp"
#include "fixture.hpp"
#include "memory/physical_memory.hpp"

namespace paemu::test {

struct VgaMachine {
  PhysicalMemory memory{36};
  Time time;
  Vga vga{memory, time.clock, {}, 0xfec00000};

  VgaMachine() { vga.reset(); }

  void out(u32 port, u32 value) { vga.ports().io_write(port - Vga::kFirstPort, 1, value); }
  u8 in(u32 port) { return static_cast<u8>(vga.ports().io_read(port - Vga::kFirstPort, 1)); }
  void set(u32 port, u32 index, u32 value) {
    out(port, index);
    out(port + 1, value);
  }
  u8 get(u32 port, u32 index) {
    out(port, index);
    return in(port + 1);
  }
  void attribute(u32 index, u32 value) {
    in(0x3da);
    out(0x3c0, index);
    out(0x3c0, value);
    out(0x3c0, 0x20);
  }
  void dispi(u32 index, u32 value) {
    vga.dispi_ports().io_write(0, 2, index);
    vga.dispi_ports().io_write(1, 2, value);
  }
  u32 dispi(u32 index) {
    vga.dispi_ports().io_write(0, 2, index);
    return static_cast<u32>(vga.dispi_ports().io_read(1, 2));
  }
  void poke(u32 address, u64 value, u32 size = 1) { vga.window().io_write(address - Vga::kWindow, size, value); }
  u64 peek(u32 address, u32 size = 1) { return vga.window().io_read(address - Vga::kWindow, size); }

  // A byte of one of the planes.
  u8& plane(u32 number, u32 offset) { return memory.video()[4 * offset + number]; }

  // The planar modes' ground: RAM on, all planes, no chaining, 64 KiB at 0xa0000, graphics.
  void planar() {
    out(0x3c2, 0x63);
    set(0x3c4, 2, 0x0f);
    set(0x3c4, 4, 0x06);
    for (u32 i = 0; i < 9; ++i) set(0x3ce, i, 0);
    set(0x3ce, 6, 0x05);
    set(0x3ce, 7, 0x0f);
    set(0x3ce, 8, 0xff);
  }
};

}  // namespace paemu::test
