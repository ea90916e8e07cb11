// VGA with a linear frame buffer: the standard display of QEMU's and Bochs' PCs, PCI function 1234:1111.
// Sources: IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem"; QEMU docs/specs/standard-vga.
//
// The 256 KiB of a VGA are the first of the video memory: byte n of plane p is at 4n + p, so that a chained or linear
// mode sees them as they are. What the screen shows is asked for by picture(), and nothing of it comes back: retrace
// bits and blinking follow the virtual clock.
//
//   vga_registers.cpp  the ports 3b0 to 3df      vga_timing   what CRTC and clock make of time and size
//   vga_memory.cpp     the window at 0xa0000     vga_picture  what the screen shows
//   vga_dispi.cpp      the Bochs interface
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "bus/pci.hpp"
#include "dev/vga_state.hpp"
#include "memory/physical_memory.hpp"
#include "replay/picture.hpp"
#include "time/virtual_clock.hpp"

namespace paemu {

class Vga final : public PciFunction {
 public:
  using State = VgaState;
  static constexpr u64 kMemorySize = 16 * kMiB, kPlanes = 256 * kKiB;
  static constexpr u32 kFirstPort = 0x3b0, kPorts = 0x30, kDispiPort = dispi::kIndexPort, kDispiPorts = 4;
  static constexpr u64 kWindow = 0xa0000, kWindowSize = 0x20000;

  // rom: the option ROM, at most 64 KiB; empty: none. memory: video memory is added to it. addresses_end: the frame
  // buffer is shown below it only.
  Vga(PhysicalMemory& memory, const VirtualClock& clock, std::vector<u8> rom, u64 addresses_end);

  IoDevice& ports() { return ports_; }        // 0x3b0 to 0x3df
  IoDevice& dispi_ports() { return dispi_; }  // 0x1ce index, 0x1cf (and, as some have it, 0x1d0) data
  IoDevice& window() { return window_; }      // 0xa0000 to 0xbffff

  // What the screen shows now. `out`: a new one, or what this left the last time.
  void picture(Picture& out) const;

  void reset();
  State& state() { return state_; }
  // After its fields were written from outside.
  void announce() { on_placed(); }

 private:
  struct Ports final : IoDevice {
    explicit Ports(Vga& v) : vga(v) {}
    u64 io_read(u64 offset, u32) override { return vga.read_port(kFirstPort + static_cast<u32>(offset)); }
    void io_write(u64 offset, u32, u64 value) override {
      vga.write_port(kFirstPort + static_cast<u32>(offset), static_cast<u8>(value));
    }
    Vga& vga;
  };
  struct DispiPorts final : IoDevice {
    explicit DispiPorts(Vga& v) : vga(v) {}
    u64 io_read(u64 offset, u32 size) override;
    void io_write(u64 offset, u32 size, u64 value) override;
    Vga& vga;
  };
  struct Window final : IoDevice {
    explicit Window(Vga& v) : vga(v) {}
    u64 io_read(u64 offset, u32 size) override;
    void io_write(u64 offset, u32 size, u64 value) override;
    Vga& vga;
  };
  // Base address 2: EDID, the VGA's ports, the Bochs interface, and which end of a pixel comes first.
  struct Registers final : IoDevice {
    explicit Registers(Vga& v) : vga(v) {}
    u64 io_read(u64 offset, u32 size) override;
    void io_write(u64 offset, u32 size, u64 value) override;
    Vga& vga;
  };
  struct Rom final : IoDevice {
    explicit Rom(Vga& v) : vga(v) {}
    u64 io_read(u64 offset, u32 size) override;
    void io_write(u64, u32, u64) override {}
    Vga& vga;
  };

  void on_placed() override;
  u64 picture_key() const;

  u8 read_port(u32 port);
  void write_port(u32 port, u8 value);
  void write_attribute(u8 value);
  void write_crtc(u8 value);
  u8 input_status_1() const;
  u8 read_palette();
  void write_palette(u8 value);

  std::optional<u32> window_offset(u32 address) const;
  u8 read_byte(u32 address);
  void write_byte(u32 address, u8 value);
  u32 plane_offset(u32 address) const;
  void write_planes(u32 offset, u8 value, u32 planes);

  u16 read_dispi(u32 index) const;
  void write_dispi(u32 index, u16 value);
  void enable_dispi(u16 value);
  void fit_virtual_screen();

  State state_;
  PhysicalMemory& memory_;
  const VirtualClock& clock_;
  std::vector<u8> rom_;
  u64 addresses_end_;
  Ports ports_{*this};
  DispiPorts dispi_{*this};
  Window window_{*this};
  Registers registers_{*this};
  Rom rom_window_{*this};
};

}  // namespace paemu
