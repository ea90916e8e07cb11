// A split virtqueue as the device sees it (Virtual I/O Device 1.1, chapter 2.6): takes chains of buffers that the
// driver offers, and gives them back.
//
// Rings and buffers are the guest's memory and nothing in them is believed: a chain that loops, is too long, points
// outside RAM or breaks a rule of the specification makes the queue broken, which the device reports as "needs reset".
#pragma once

#include <span>
#include <vector>

#include "base/fields.hpp"
#include "memory/physical_memory.hpp"

namespace paemu {

struct VirtioQueueState {
  static constexpr u16 kMostEntries = 1024;
  static constexpr u16 kNoVector = 0xffff;

  u16 size = 0;            // entries, a power of two; 0: there is no such queue
  bool enabled = false;    // the driver said so; legacy: it has an address
  u64 descriptors = 0;     // 2.6.5 descriptor table
  u64 available = 0;       // 2.6.6 available ring, written by the driver
  u64 used = 0;            // 2.6.8 used ring, written by the device
  u16 vector = kNoVector;  // of MSI-X
  u16 next_available = 0;  // index of the next chain to take
  u16 next_used = 0;       // index of the next one to give back
  u16 signalled = 0;       // next_used when the driver was last interrupted
  bool has_signalled = false;
  FIELDS(size, enabled, descriptors, available, used, vector, next_available, next_used, signalled, has_signalled)
  bool valid() const { return size <= kMostEntries && (size & (size - 1)) == 0 && (!enabled || size != 0); }
};

// What one request consists of. Its parts are read and written as if they were contiguous.
struct VirtioChain {
  struct Buffer {
    GuestPhys address;
    u32 size;
  };
  u16 head = 0;
  std::vector<Buffer> readable;  // by the device
  std::vector<Buffer> writable;
  u64 readable_size = 0, writable_size = 0;  // bytes
};

// One queue for the time of a call; the state is kept by the device.
class VirtioRing {
 public:
  // As negotiated (6, VIRTIO_F_INDIRECT_DESC and VIRTIO_F_EVENT_IDX).
  struct Features {
    bool indirect = false, event_index = false;
  };
  enum class Taken : u8 { kChain, kNothing, kBroken };

  VirtioRing(PhysicalMemory& memory, VirtioQueueState& queue, Features features)
      : memory_(memory), queue_(queue), features_(features) {}

  Taken take(VirtioChain& chain);
  // written: bytes of the writable part. False: broken.
  bool give_back(const VirtioChain& chain, u32 written);
  // Asks the driver to notify of what it adds from here on. False: broken.
  bool ask_for_notification();
  // After something was given back: does the driver want to be interrupted (2.6.7)?
  bool wants_interrupt();

 private:
  struct Descriptor {  // 2.6.5
    u64 address;
    u32 size;
    u16 flags, next;
  };
  bool read_descriptor(u64 table, u32 index, Descriptor& d) const;
  bool walk(u64 table, u32 entries, u32 index, bool in_indirect, VirtioChain& chain) const;
  bool read16(GuestPhys address, u16& value) const;
  bool write16(GuestPhys address, u16 value);

  PhysicalMemory& memory_;
  VirtioQueueState& queue_;
  Features features_;
};

// Copies out of the readable, or into the writable part of a chain, from `offset` on. False: beyond its end, or not
// RAM; something may have been copied then.
bool read_chain(const PhysicalMemory& memory, const VirtioChain& chain, u64 offset, std::span<u8> out);
bool write_chain(PhysicalMemory& memory, const VirtioChain& chain, u64 offset, std::span<const u8> data);

}  // namespace paemu
