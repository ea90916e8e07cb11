// 16 MiB of RAM, a ROM page, a device and an Mmu over them, with helpers that build page tables.
#pragma once

#include <catch2/catch.hpp>

#include "mmu/mmu.hpp"

namespace paemu {

// Entry bits.
constexpr u64 kP = 1, kW = 2, kU = 4, kA = 0x20, kD = 0x40, kPs = 0x80, kG = 0x100, kNx = u64{1} << 63;

class CountingDevice final : public IoDevice {
 public:
  u64 io_read(u64 offset, u32 size) override {
    ++reads;
    last_offset = offset;
    last_size = size;
    return 0x1122334455667788 & (size == 8 ? ~u64{0} : (u64{1} << (8 * size)) - 1);
  }
  void io_write(u64 offset, u32 size, u64 value) override {
    ++writes;
    last_offset = offset;
    last_size = size;
    last_value = value;
  }
  u32 reads = 0, writes = 0, last_size = 0;
  u64 last_offset = 0, last_value = 0;
};

class CountingObserver final : public MemoryObserver {
 public:
  void on_mapping_changed(Pfn, u64) override {}
  void on_code_written(GuestPhys address, u32 size) override {
    ++code_writes;
    last = address;
    last_size = size;
  }
  void on_dirty_cleared() override {}
  u32 code_writes = 0, last_size = 0;
  GuestPhys last;
};

struct PagedMemory {
  static constexpr u64 kRam = 16 * kMiB;
  static constexpr u64 kRom = 0xfff00000;
  static constexpr u64 kDevice = 0xfd000000;
  static constexpr u64 kDirectory = 0x1000;  // page directory, or the first of four (PAE)
  static constexpr u64 kTable = 0x8000;      // the page table of linear addresses from 4 MiB (2 MiB with PAE)
  static constexpr u64 kPdpt = 0x9000;

  explicit PagedMemory(u32 physical_bits = 36) : memory(physical_bits), mmu(state, memory, mmio) {
    DimmSpec boot;
    boot.id = "boot0";
    boot.socket = Socket::Boot;
    boot.size = kRam;
    REQUIRE(memory.insert(boot).ok());
    memory.map_rom(GuestPhys{kRom}, std::vector<u8>(kPageSize, 0x5a), "rom");
    mmio.map(GuestPhys{kDevice}, kPageSize, device);
    memory.add_observer(observer);
  }

  void put32(u64 at, u32 v) { REQUIRE(memory.write(GuestPhys{at}, {reinterpret_cast<const u8*>(&v), 4})); }
  void put64(u64 at, u64 v) { REQUIRE(memory.write(GuestPhys{at}, {reinterpret_cast<const u8*>(&v), 8})); }
  u32 get32(u64 at) {
    u32 v = 0;
    REQUIRE(memory.read(GuestPhys{at}, {reinterpret_cast<u8*>(&v), 4}));
    return v;
  }
  u64 get64(u64 at) {
    u64 v = 0;
    REQUIRE(memory.read(GuestPhys{at}, {reinterpret_cast<u8*>(&v), 8}));
    return v;
  }

  // 32-bit paging. The table at kTable maps linear 4 MiB and up; write its entries with pte32().
  void page32(u32 pde_bits = kP | kW | kU) {
    put32(kDirectory + 4, static_cast<u32>(kTable) | pde_bits);
    state.cr3 = kDirectory;
    state.cr4 = cr4::kPse | cr4::kPge;
    state.cr0 = cr0::kProtection | cr0::kPaging | cr0::kWriteProtect;
    mmu.flush_all();
  }
  static u64 pte32(u32 linear) { return kTable + ((linear >> 12) & 0x3ff) * 4; }

  // PAE paging. The table at kTable maps linear 2 MiB and up.
  void page_pae(u64 pde_bits = kP | kW | kU) {
    for (u32 i = 0; i < 4; ++i) put64(kPdpt + 8 * i, (kDirectory + i * kPageSize) | kP);
    put64(kDirectory + 8, kTable | pde_bits);
    state.cr3 = kPdpt;
    state.cr4 = cr4::kPae | cr4::kPge;
    state.efer = efer::kNoExecute;
    state.cr0 = cr0::kProtection | cr0::kPaging | cr0::kWriteProtect;
    REQUIRE(mmu.read_pdptes(state.cr3, state.pdpte));
    mmu.flush_all();
  }
  static u64 pte64(u32 linear) { return kTable + ((linear >> 12) & 0x1ff) * 8; }

  bool read(u32 linear, Privilege p = Privilege::kSupervisor) {
    u32 v;
    return mmu.load(linear, p, v);
  }
  bool write(u32 linear, Privilege p = Privilege::kSupervisor) { return mmu.store<u32>(linear, p, 1); }
  bool fetch(u32 linear, Privilege p = Privilege::kSupervisor) {
    FetchPage page;
    return mmu.fetch(linear, p, page);
  }
  bool access(Access a, u32 linear, Privilege p) {
    return a == Access::kRead ? read(linear, p) : a == Access::kWrite ? write(linear, p) : fetch(linear, p);
  }
  void require_page_fault(u32 address, u32 error_code) {
    REQUIRE(mmu.fault().vector == Vector::kPageFault);
    REQUIRE(mmu.fault().address.value == address);
    REQUIRE(mmu.fault().error_code == error_code);
  }

  CpuState state;
  PhysicalMemory memory;
  MmioBus mmio;
  CountingDevice device;
  CountingObserver observer;
  Mmu mmu;
};

}  // namespace paemu
