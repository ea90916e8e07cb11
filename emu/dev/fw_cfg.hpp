// The firmware configuration device: hands items of bytes to the firmware. Source: abi/fw_cfg.hpp and QEMU's
// docs/specs/fw_cfg ("Register locations", "Firmware configuration items").
//
// Items follow from the machine's configuration and never change while the guest runs: they are not state.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/fields.hpp"
#include "bus/io.hpp"
#include "memory/physical_memory.hpp"

namespace paemu {

class FwCfg final : public IoDevice {
 public:
  struct State {
    u16 selector = 0;
    u32 offset = 0;    // bytes of the item already read
    u32 dma_high = 0;  // upper half of the address of the next DMA request
    FIELDS(selector, offset, dma_high)
  };

  explicit FwCfg(PhysicalMemory& memory);

  // Before the guest starts. Keys and files are unique; a file's name has at most 55 characters.
  void add(u16 key, std::vector<u8> bytes);
  void add_u16(u16 key, u16 value);
  void add_u32(u16 key, u32 value);
  void add_u64(u16 key, u64 value);
  void add_file(const std::string& name, std::vector<u8> bytes);

  // Port 0: the selector, 16 bits. Port 1: data, a byte a read, zeroes past the end. Writes to data are ignored.
  u64 io_read(u64 offset, u32 size) override;
  void io_write(u64 offset, u32 size, u64 value) override;

  // 8 ports: where the guest writes the address of a DMA request (abi::fw_cfg::DmaRequest), big-endian.
  IoDevice& dma_ports() { return dma_ports_; }

  void reset();
  State& state() { return state_; }

 private:
  struct DmaPorts final : IoDevice {
    explicit DmaPorts(FwCfg& d) : device(d) {}
    u64 io_read(u64 offset, u32 size) override;
    void io_write(u64 offset, u32 size, u64 value) override;
    FwCfg& device;
  };
  void make_directory();
  void run_dma(GuestPhys request);
  bool transfer(u32 control, u32 length, GuestPhys to);

  PhysicalMemory& memory_;
  DmaPorts dma_ports_{*this};

  State state_;
  std::map<u16, std::vector<u8>> items_;
  std::map<std::string, u16> files_;  // name to key, sorted by name as the directory is
};

}  // namespace paemu
