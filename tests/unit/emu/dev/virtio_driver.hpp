// A driver for virtio functions in tests: one MiB of RAM, rings in it, and the registers of the modern interface.
#pragma once

#include <catch2/catch.hpp>

#include "dev/virtio_pci.hpp"
#include "fixture.hpp"

namespace paemu::test {

struct Messages final : ApicMessageSink {
  std::vector<ApicMessage> sent;
  void deliver(const ApicMessage& m) override { sent.push_back(m); }
};

struct VirtioDriver {
  static constexpr u64 kRam = 16 * kMiB;
  static constexpr u64 kTable = 0x10000, kAvailable = 0x11000, kUsed = 0x12000, kIndirect = 0x13000;  // of queue 0
  static constexpr u64 kNextQueue = 0x8000;
  static constexpr u16 kSize = 8;
  enum Flags : u16 { kNext = 1, kWrite = 2, kIsIndirect = 4 };

  Time time;
  PhysicalMemory memory{32};
  Messages messages;
  Pin pin;
  VirtioPci function;
  IoDevice* bar4 = nullptr;

  VirtioDriver(VirtioDevice& device, VirtioDrivers drivers = VirtioDrivers::kAll)
      : function("test", device, drivers, memory, time.events, time.clock, messages) {
    REQUIRE(memory.insert(DimmSpec{.id = "ram", .size = kRam}).ok());
    function.irq.connect(pin, 0);
    for (const PciFunction::Window& w : function.windows()) {
      if (w.index == 4) bar4 = w.device;
    }
    function.config_write(0x04, 2, 0x0007);
  }

  void put(u64 address, u64 value, u32 size) {
    u8 bytes[8];
    for (u32 i = 0; i < size; ++i) bytes[i] = static_cast<u8>(value >> (8 * i));
    REQUIRE(memory.write(GuestPhys{address}, {bytes, size}));
  }
  u64 get(u64 address, u32 size) const {
    u8 bytes[8] = {};
    REQUIRE(memory.read(GuestPhys{address}, {bytes, size}));
    u64 value = 0;
    for (u32 i = 0; i < size; ++i) value |= u64{bytes[i]} << (8 * i);
    return value;
  }

  void write_common(u32 offset, u32 size, u64 value) { bar4->io_write(offset, size, value); }
  u32 read_common(u32 offset, u32 size) { return static_cast<u32>(bar4->io_read(offset, size)); }
  u8 status() { return static_cast<u8>(read_common(20, 1)); }
  bool needs_reset() { return (status() & 0x40) != 0; }

  // Resets, negotiates VERSION_1 and `features`, and enables the first `queues` queues.
  void start(u64 features = 0, u32 queues = 1) {
    write_common(20, 1, 0);
    write_common(20, 1, 3);
    features |= virtio_feature::kVersion1;
    for (u32 half = 0; half < 2; ++half) {
      write_common(8, 4, half);
      write_common(12, 4, features >> (32 * half) & 0xffffffff);
    }
    write_common(20, 1, 11);
    REQUIRE(status() == 11);
    for (u32 q = 0; q < queues; ++q) {
      write_common(22, 2, q);
      write_common(24, 2, kSize);
      write_common(32, 8, kTable + q * kNextQueue);
      write_common(40, 8, kAvailable + q * kNextQueue);
      write_common(48, 8, kUsed + q * kNextQueue);
      write_common(28, 2, 1);
      for (u64 at = 0; at < kNextQueue; at += 8) put(kTable + q * kNextQueue + at, 0, 8);
    }
    write_common(20, 1, 15);
  }

  void descriptor(u32 index, u64 address, u32 size, u16 flags, u16 next = 0, u64 table = kTable) {
    put(table + 16 * index, address, 8);
    put(table + 16 * index + 8, size, 4);
    put(table + 16 * index + 12, flags, 2);
    put(table + 16 * index + 14, next, 2);
  }
  // Offers the chain that begins at `head`.
  void offer(u16 head, u32 q = 0) {
    const u64 ring = kAvailable + q * kNextQueue;
    const u16 index = static_cast<u16>(get(ring + 2, 2));
    put(ring + 4 + 2 * (index % kSize), head, 2);
    put(ring + 2, index + 1u, 2);
  }
  void notify(u32 q = 0) {
    bar4->io_write(0x3000 + 4 * q, 2, q);
    time.pass(1'000'000);
  }
  u16 used_index(u32 q = 0) const { return static_cast<u16>(get(kUsed + q * kNextQueue + 2, 2)); }
  u32 used_size(u32 entry, u32 q = 0) const { return static_cast<u32>(get(kUsed + q * kNextQueue + 8 + 8 * entry, 4)); }
};

}  // namespace paemu::test
