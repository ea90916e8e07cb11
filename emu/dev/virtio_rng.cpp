#include "dev/virtio_rng.hpp"

#include <algorithm>

namespace paemu {

namespace {

// A buffer may be of any size and is filled at least in part (5.4.6.2); drivers ask again for more.
constexpr u64 kMostBytes = 4096;

}  // namespace

const VirtioTraits& VirtioRng::traits() const {
  static const VirtioTraits traits{.type = 4,
                                   .transitional_id = 0x1005,
                                   .class_code = 0x00ff00,
                                   .features = 0,
                                   .queue_sizes = {8},
                                   .config_size = 0};
  return traits;
}

void VirtioRng::seed(const ChaChaKey& key) {
  state_ = State{};
  state_.key = key;
}

void VirtioRng::fill(std::span<u8> out) {
  for (u8& byte : out) {
    if (state_.used == sizeof(ChaChaBlock)) {
      state_.block = chacha20_block(state_.key, state_.blocks++);
      state_.used = 0;
    }
    byte = state_.block[state_.used++];
  }
}

u64 VirtioRng::work(u32 queue) {
  VirtioChain chain;
  while (queues().take(queue, chain)) {
    u8 bytes[kMostBytes];
    const u32 count = static_cast<u32>(std::min(chain.writable_size, kMostBytes));
    fill({bytes, count});
    if (!queues().write(chain, 0, {bytes, count})) break;
    queues().give_back(queue, chain, count);
  }
  return kDone;
}

}  // namespace paemu
