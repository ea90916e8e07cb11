// virtio-rng, the entropy device (Virtual I/O Device 1.1, 5.4): fills the buffers of its one queue.
//
// What it hands out is the ChaCha20 stream of a key that comes through the input seam, once, at the start of a run
// (InputKind::Entropy): unforeseeable for the guest, and the same in a replay.
#pragma once

#include "dev/chacha20.hpp"
#include "dev/virtio_device.hpp"

namespace paemu {

class VirtioRng final : public VirtioDevice {
 public:
  struct State {
    ChaChaKey key = {};
    u64 blocks = 0;                 // of the stream, made so far
    ChaChaBlock block = {};         // the last of them, and
    u8 used = sizeof(ChaChaBlock);  // how much of it is handed out
    FIELDS(key, blocks, block, used)
    bool valid() const { return used <= sizeof(ChaChaBlock); }
  };

  void seed(const ChaChaKey& key);

  const VirtioTraits& traits() const override;
  u64 work(u32 queue) override;
  void reset() override {}  // the stream goes on
  State& state() { return state_; }

 private:
  void fill(std::span<u8> out);
  State state_;
};

}  // namespace paemu
