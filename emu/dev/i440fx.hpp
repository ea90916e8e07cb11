// i440FX: the host bridge, function 0 of device 0. Its registers choose what the addresses from 0xc0000 to 0xfffff are:
// the firmware's ROM or the RAM behind it. Source: Intel 82441FX (PMC) data sheet (290549), chapter 3.
#pragma once

#include <functional>

#include "bus/pci.hpp"

namespace paemu {

class I440fx final : public PciFunction {
 public:
  // Reads and writes of one shadow segment go to RAM, or to the bus behind, where the ROM is (3.2.17, PAM).
  struct Shadow {
    u32 base;
    u32 size;
    bool read_ram;
    bool write_ram;
  };

  explicit I440fx(std::function<void(const Shadow&)> on_shadow);

  void reset();
  // Tells all segments anew, after the configuration was written from outside.
  void announce();

 private:
  void on_config_written(u32 offset, u32 size) override;
  std::function<void(const Shadow&)> on_shadow_;
};

}  // namespace paemu
