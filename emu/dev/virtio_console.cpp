// The configuration (5.3.4): u16 columns, u16 rows, u32 number of ports, and at 8 u32 emergency write, which prints a
// character without any queue.
#include "dev/virtio_console.hpp"

#include <algorithm>

namespace paemu {

namespace {

constexpr u64 kEmergencyWriteFeature = u64{1} << 2;
constexpr u32 kEmergencyWrite = 8, kConfigSize = 12;
// A buffer to transmit may be of any size, but no driver sends a mebibyte at once.
constexpr u64 kMostBytes = kMiB;
// So much in one go, then the guest runs on for a while.
constexpr u64 kBudget = 64 * kKiB, kPause = 50'000;

}  // namespace

const VirtioTraits& VirtioConsole::traits() const {
  static const VirtioTraits traits{.type = 3,
                                   .transitional_id = 0x1003,
                                   .class_code = 0x078000,
                                   .features = kEmergencyWriteFeature,
                                   .queue_sizes = {128, 128},
                                   .config_size = kConfigSize};
  return traits;
}

void VirtioConsole::receive(std::span<const u8> bytes) {
  for (const u8 byte : bytes) {
    if (state_.count == kQueueSize) break;
    state_.bytes[(state_.first + state_.count++) % kQueueSize] = byte;
  }
  queues().schedule(kReceive);
}

u64 VirtioConsole::work(u32 queue) { return queue == kReceive ? give_received() : take_transmitted(); }

u64 VirtioConsole::give_received() {
  VirtioChain chain;
  while (state_.count > 0 && queues().take(kReceive, chain)) {
    u8 bytes[kQueueSize];
    const u32 count = static_cast<u32>(std::min<u64>(chain.writable_size, state_.count));
    for (u32 i = 0; i < count; ++i) bytes[i] = state_.bytes[(state_.first + i) % kQueueSize];
    if (!queues().write(chain, 0, {bytes, count})) break;
    state_.first = (state_.first + count) % kQueueSize;
    state_.count -= count;
    queues().give_back(kReceive, chain, count);
  }
  return kDone;
}

u64 VirtioConsole::take_transmitted() {
  VirtioChain chain;
  for (u64 done = 0; done < kBudget; done += chain.readable_size) {
    if (!queues().take(kTransmit, chain)) return kDone;
    if (chain.readable_size > kMostBytes) {
      queues().fail();
      return kDone;
    }
    u8 bytes[4096];
    for (u64 offset = 0; offset < chain.readable_size;) {
      const usize count = static_cast<usize>(std::min<u64>(sizeof bytes, chain.readable_size - offset));
      if (!queues().read(chain, offset, {bytes, count})) return kDone;
      sink_.transmit(stream_, {bytes, count});
      offset += count;
    }
    queues().give_back(kTransmit, chain, 0);
  }
  return kPause;
}

void VirtioConsole::config_write(u32 offset, u8 value) {
  if (offset == kEmergencyWrite) sink_.transmit(stream_, {&value, 1});
}

}  // namespace paemu
