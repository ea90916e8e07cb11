// In memory, little-endian (2.6.5 to 2.6.8):
//
//   descriptor      u64 address, u32 length, u16 flags, u16 next
//   available ring  u16 flags, u16 index, u16 ring[size], u16 used_event
//   used ring       u16 flags, u16 index, {u32 id, u32 length} ring[size], u16 available_event
#include "dev/virtio_ring.hpp"

namespace paemu {

namespace {

constexpr u16 kNext = 1, kWrite = 2, kIndirect = 4;  // descriptor flags
constexpr u16 kNoInterrupt = 1;                      // flag of the available ring
constexpr u32 kDescriptorSize = 16;
constexpr u32 kRingHeader = 4, kAvailableEntry = 2, kUsedEntry = 8;

u64 little_endian(std::span<const u8> bytes) {
  u64 value = 0;
  for (usize i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

// A place in a ring; one that would wrap is nowhere.
GuestPhys place(u64 base, u64 offset) { return GuestPhys{base + offset < base ? ~u64{0} : base + offset}; }

}  // namespace

bool VirtioRing::read16(GuestPhys address, u16& value) const {
  u8 bytes[2];
  if (!memory_.read(address, bytes)) return false;
  value = static_cast<u16>(little_endian(bytes));
  return true;
}

bool VirtioRing::write16(GuestPhys address, u16 value) {
  const u8 bytes[2] = {static_cast<u8>(value), static_cast<u8>(value >> 8)};
  return memory_.write(address, bytes);
}

bool VirtioRing::read_descriptor(u64 table, u32 index, Descriptor& d) const {
  u8 bytes[kDescriptorSize];
  if (!memory_.read(place(table, u64{index} * kDescriptorSize), bytes)) return false;
  const std::span<const u8> b(bytes);
  d.address = little_endian(b.subspan(0, 8));
  d.size = static_cast<u32>(little_endian(b.subspan(8, 4)));
  d.flags = static_cast<u16>(little_endian(b.subspan(12, 2)));
  d.next = static_cast<u16>(little_endian(b.subspan(14, 2)));
  return true;
}

// 2.6.5.3.1: an indirect table may stand at the end of a chain, holds no indirect descriptor itself, and a chain has at
// most as many descriptors as its table. 2.6.4.2: what the device reads comes before what it writes.
bool VirtioRing::walk(u64 table, u32 entries, u32 index, bool in_indirect, VirtioChain& chain) const {
  for (u32 steps = 0; steps < entries; ++steps) {
    Descriptor d;
    if (index >= entries || !read_descriptor(table, index, d)) return false;
    if ((d.flags & kIndirect) != 0) {
      const u32 count = d.size / kDescriptorSize;
      if (in_indirect || !features_.indirect || (d.flags & kNext) != 0) return false;
      if (count == 0 || d.size % kDescriptorSize != 0 || count > VirtioQueueState::kMostEntries) return false;
      return walk(d.address, count, 0, true, chain);
    }
    const bool writable = (d.flags & kWrite) != 0;
    if (!writable && !chain.writable.empty()) return false;
    (writable ? chain.writable : chain.readable).push_back({GuestPhys{d.address}, d.size});
    (writable ? chain.writable_size : chain.readable_size) += d.size;
    if ((d.flags & kNext) == 0) return true;
    index = d.next;
  }
  return false;  // a loop
}

VirtioRing::Taken VirtioRing::take(VirtioChain& chain) {
  if (!queue_.enabled || queue_.size == 0) return Taken::kNothing;
  u16 index;
  if (!read16(place(queue_.available, 2), index)) return Taken::kBroken;
  const u16 waiting = static_cast<u16>(index - queue_.next_available);
  if (waiting == 0) return Taken::kNothing;
  if (waiting > queue_.size) return Taken::kBroken;
  chain = VirtioChain{};
  const u32 slot = queue_.next_available & (queue_.size - 1u);
  if (!read16(place(queue_.available, kRingHeader + kAvailableEntry * slot), chain.head)) return Taken::kBroken;
  if (!walk(queue_.descriptors, queue_.size, chain.head, false, chain)) return Taken::kBroken;
  ++queue_.next_available;
  return Taken::kChain;
}

bool VirtioRing::give_back(const VirtioChain& chain, u32 written) {
  u8 element[kUsedEntry] = {static_cast<u8>(chain.head), static_cast<u8>(chain.head >> 8)};
  for (u32 i = 0; i < 4; ++i) element[4 + i] = static_cast<u8>(written >> (8 * i));
  const u32 slot = queue_.next_used & (queue_.size - 1u);
  if (!memory_.write(place(queue_.used, kRingHeader + kUsedEntry * slot), element)) return false;
  return write16(place(queue_.used, 2), ++queue_.next_used);
}

bool VirtioRing::ask_for_notification() {
  if (!queue_.enabled || !features_.event_index) return true;  // without the feature the used ring's flags stay 0
  u16 index;
  if (!read16(place(queue_.available, 2), index)) return false;
  return write16(place(queue_.used, kRingHeader + kUsedEntry * u32{queue_.size}), index);
}

bool VirtioRing::wants_interrupt() {
  const u16 before = queue_.signalled;
  const bool known = queue_.has_signalled;
  queue_.signalled = queue_.next_used;
  queue_.has_signalled = true;
  u16 value;
  if (!features_.event_index) return read16(GuestPhys{queue_.available}, value) && (value & kNoInterrupt) == 0;
  // 2.6.7.2: when the index moved past the one that the driver named.
  if (!read16(place(queue_.available, kRingHeader + kAvailableEntry * u32{queue_.size}), value)) return false;
  const u16 since_event = static_cast<u16>(queue_.next_used - value - 1);
  return !known || since_event < static_cast<u16>(queue_.next_used - before);
}

namespace {

// Calls piece(address, offset in the transfer, bytes) for the parts of [offset, offset + size).
template <class Piece>
bool each_part(const std::vector<VirtioChain::Buffer>& buffers, u64 offset, u64 size, Piece&& piece) {
  u64 done = 0;
  for (const VirtioChain::Buffer& b : buffers) {
    if (done == size) return true;
    if (offset >= b.size) {
      offset -= b.size;
      continue;
    }
    const u64 bytes = std::min<u64>(size - done, b.size - offset);
    if (b.address.value + offset < b.address.value || !piece(b.address + offset, done, bytes)) return false;
    done += bytes;
    offset = 0;
  }
  return done == size;
}

}  // namespace

bool read_chain(const PhysicalMemory& memory, const VirtioChain& chain, u64 offset, std::span<u8> out) {
  return each_part(chain.readable, offset, out.size(), [&](GuestPhys address, u64 done, u64 bytes) {
    return memory.read(address, out.subspan(done, bytes));
  });
}

bool write_chain(PhysicalMemory& memory, const VirtioChain& chain, u64 offset, std::span<const u8> data) {
  return each_part(chain.writable, offset, data.size(), [&](GuestPhys address, u64 done, u64 bytes) {
    return memory.write(address, data.subspan(done, bytes));
  });
}

}  // namespace paemu
