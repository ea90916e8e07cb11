// An entry is 16 bytes (6.8.2.6): message address, upper address, data, vector control (bit 0: masked). Software reads
// and writes dwords; bytes and words read as what they are part of, and are not written.
#include "dev/msix.hpp"

#include "base/bits.hpp"

namespace paemu {

namespace {
constexpr u32 kEntrySize = 16;
}

void Msix::set_control(bool enabled, bool masked) {
  state_.enabled = enabled;
  state_.masked = masked;
  send_pending();
}

void Msix::raise(u32 vector) {
  if (!state_.enabled || vector >= vectors_) return;
  const Entry& e = state_.table[vector];
  if (state_.masked || (e.control & kEntryMask) != 0) {
    state_.pending |= bit<u32>(vector);
    return;
  }
  state_.pending &= ~bit<u32>(vector);
  // A message to anywhere else would be a write to memory that nobody expects: it goes nowhere.
  if (is_msi_address(e.address)) bus_.deliver(msi_message(e.address, e.data));
}

void Msix::send_pending() {
  for (u32 vector = 0; vector < vectors_; ++vector) {
    if ((state_.pending & bit<u32>(vector)) != 0) raise(vector);
  }
}

u32 Msix::read(u32 offset) const {
  if (offset == kPendingOffset) return state_.pending;
  if (offset >= kEntrySize * vectors_) return 0;
  const Entry& e = state_.table[offset / kEntrySize];
  switch (offset % kEntrySize) {
    case 0: return static_cast<u32>(e.address);
    case 4: return static_cast<u32>(e.address >> 32);
    case 8: return e.data;
    default: return e.control;
  }
}

void Msix::write(u32 offset, u32 value) {
  if (offset >= kEntrySize * vectors_) return;
  Entry& e = state_.table[offset / kEntrySize];
  switch (offset % kEntrySize) {
    case 0: e.address = (e.address & ~u64{0xffffffff}) | (value & ~3u); break;
    case 4: e.address = (e.address & 0xffffffff) | u64{value} << 32; break;
    case 8: e.data = value; break;
    default: e.control = value & kEntryMask; send_pending();
  }
}

u64 Msix::io_read(u64 offset, u32 size) {
  const u32 dword = static_cast<u32>(offset) & ~3u;
  if (size == 8) return read(dword) | u64{read(dword + 4)} << 32;
  return read(dword) >> (8 * (offset & 3));
}

void Msix::io_write(u64 offset, u32 size, u64 value) {
  if (size < 4 || (offset & 3) != 0) return;
  write(static_cast<u32>(offset), static_cast<u32>(value));
  if (size == 8) write(static_cast<u32>(offset) + 4, static_cast<u32>(value >> 32));
}

}  // namespace paemu
