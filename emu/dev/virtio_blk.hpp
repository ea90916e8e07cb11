// virtio-blk, a disk (Virtual I/O Device 1.1, 5.2): one queue of requests, each done when its turn in virtual time
// comes.
//
// It keeps nothing of its own: the drive has the state. An error of the host, or a request that makes no sense, is an
// I/O error for the guest.
#pragma once

#include <string>

#include "dev/virtio_device.hpp"
#include "replay/drive.hpp"

namespace paemu {

class VirtioBlk final : public VirtioDevice {
 public:
  // drive: has its medium for good, and outlives the device. serial: at most 20 characters count.
  VirtioBlk(Drive& drive, std::string serial);

  const VirtioTraits& traits() const override { return traits_; }
  u64 work(u32 queue) override;
  u8 config_read(u32 offset) const override;
  void reset() override {}

 private:
  // The request is read and checked; its status is `status` afterwards. -> bytes written, without the status.
  u32 run(const VirtioChain& chain, u8& status);
  u32 transfer(const VirtioChain& chain, bool to_guest, u64 sector, u8& status);
  void clear(const VirtioChain& chain, u32 allowed_flags, u8& status);

  Drive& drive_;
  std::string serial_;
  VirtioTraits traits_;
};

}  // namespace paemu
