// The PIIX3's IDE interface with RAM, a medium in memory and time, driven by ports as software does.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "../replay/memory_medium.hpp"
#include "dev/piix3_ide.hpp"
#include "fixture.hpp"
#include "memory/physical_memory.hpp"

namespace paemu::test {

struct Ide {
  explicit Ide(u64 sectors)
      : ide_store(std::min<u64>(sectors, 65536)), drive("disk", &ide_store), memory(32), ide(memory) {
    DimmSpec dimm;
    dimm.id = "boot0", dimm.socket = Socket::Boot, dimm.size = 16 * kMiB;
    if (!memory.insert(dimm)) throw std::runtime_error("no memory");
    drive.insert(MediumSpec{1, sectors, false, "disk"});
    ide.irq(0).connect(irq0, 0);
    ide.irq(1).connect(irq1, 0);
  }
  void power_on() {
    ide.reset();
    ide.config_write(0x40, 4, 0x80008000);
    ide.config_write(0x04, 2, 5);
    pass();
  }
  // Longer than any step takes.
  void pass() { time.pass(100'000'000); }

  u8 in(u32 reg) { return static_cast<u8>(ide.command_ports(0).io_read(reg, 1)); }
  void out(u32 reg, u8 value) { ide.command_ports(0).io_write(reg, 1, value); }
  u8 in_alternate() { return static_cast<u8>(ide.control_port(0).io_read(0, 1)); }
  void out_control(u8 value) { ide.control_port(0).io_write(0, 1, value); }
  void command(u8 code) {
    out(ata::kCommand, code);
    pass();
  }
  void address(u32 lba, u8 count) {
    out(ata::kCount, count);
    out(ata::kLbaLow, static_cast<u8>(lba)), out(ata::kLbaMid, static_cast<u8>(lba >> 8));
    out(ata::kLbaHigh, static_cast<u8>(lba >> 16)), out(ata::kDevice, static_cast<u8>(0xe0 | (lba >> 24 & 15)));
  }
  void wide_address(u64 lba, u16 count) {
    const auto both = [this](u32 reg, u64 older, u64 newer) {
      out(reg, static_cast<u8>(older)), out(reg, static_cast<u8>(newer));
    };
    both(ata::kCount, count >> 8, count);
    both(ata::kLbaLow, lba >> 24, lba), both(ata::kLbaMid, lba >> 32, lba >> 8),
        both(ata::kLbaHigh, lba >> 40, lba >> 16);
    out(ata::kDevice, 0xe0);
  }
  std::vector<u8> read_data(usize bytes, u32 width = 2) {
    std::vector<u8> data;
    while (data.size() < bytes) {
      const u64 v = ide.command_ports(0).io_read(0, width);
      for (u32 i = 0; i < width; ++i) data.push_back(static_cast<u8>(v >> (8 * i)));
    }
    return data;
  }
  void write_data(const std::vector<u8>& data) {
    for (usize i = 0; i + 1 < data.size(); i += 2) ide.command_ports(0).io_write(0, 2, data[i] | u64{data[i + 1]} << 8);
  }

  // --- The bus master of channel 0, its table at 0x1000.
  IoDevice& bus_master() { return *ide.windows()[0].device; }
  u8 in_bus_master(u32 reg) { return static_cast<u8>(bus_master().io_read(reg, 1)); }
  void out_bus_master32(u32 reg, u32 value) { bus_master().io_write(reg, 4, value); }
  void descriptors(const std::vector<std::pair<u32, u32>>& regions) {
    std::vector<u8> table;
    for (usize i = 0; i < regions.size(); ++i) {
      const u32 words[] = {regions[i].first, (regions[i].second & 0xffff) | (i + 1 == regions.size() ? 1u << 31 : 0)};
      for (const u32 word : words)
        for (u32 b = 0; b < 4; ++b) table.push_back(static_cast<u8>(word >> (8 * b)));
    }
    put_ram(0x1000, table);
    out_bus_master32(4, 0x1000);
  }
  // As a driver: clear the status, start the command, start the bus master.
  void dma(u8 code, bool to_memory) {
    bus_master().io_write(0, 1, 0);
    bus_master().io_write(2, 1, 6);
    out(ata::kCommand, code);
    bus_master().io_write(0, 1, to_memory ? 9 : 1);
    pass();
  }

  std::vector<u8> ram(u32 address, usize size) {
    std::vector<u8> bytes(size);
    if (!memory.read(GuestPhys{address}, bytes)) bytes.clear();
    return bytes;
  }
  void put_ram(u32 address, const std::vector<u8>& bytes) {
    if (!memory.write(GuestPhys{address}, bytes)) throw std::runtime_error("no RAM there");
  }
  u8& medium_byte(u64 at) { return ide_store.medium.bytes[at]; }
  std::vector<u8> medium_bytes(u64 at, u64 size) const {
    const auto begin = ide_store.medium.bytes.begin() + static_cast<std::ptrdiff_t>(at);
    return {begin, begin + static_cast<std::ptrdiff_t>(size)};
  }

  Time time;
  OneMedium ide_store;
  Drive drive;
  PhysicalMemory memory;
  Piix3Ide ide;
  Pin irq0, irq1;
};

}  // namespace paemu::test
