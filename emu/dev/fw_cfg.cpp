#include "dev/fw_cfg.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "abi/fw_cfg.hpp"

namespace paemu {

namespace {

namespace cfg = abi::fw_cfg;

constexpr usize kLongestName = sizeof(cfg::FileEntry::name) - 1;

void put_big_endian(std::vector<u8>& out, u32 value, u32 bytes) {
  for (u32 i = bytes; i-- > 0;) out.push_back(static_cast<u8>(value >> (8 * i)));
}

std::vector<u8> little_endian(u64 value, u32 bytes) {
  std::vector<u8> out;
  for (u32 i = 0; i < bytes; ++i) out.push_back(static_cast<u8>(value >> (8 * i)));
  return out;
}

u64 big_endian(std::span<const u8> bytes) {
  u64 value = 0;
  for (const u8 byte : bytes) value = value << 8 | byte;
  return value;
}

u32 swapped(u64 value) { return __builtin_bswap32(static_cast<u32>(value)); }

// Past its end an item reads as zeroes. So much of them is more than any firmware asks for.
constexpr u32 kMostZeroes = 1 * kMiB;

}  // namespace

FwCfg::FwCfg(PhysicalMemory& memory) : memory_(memory) {
  add(cfg::kSignature, {'Q', 'E', 'M', 'U'});
  add_u32(cfg::kId, 3);  // the traditional interface and DMA
  make_directory();
}

void FwCfg::add(u16 key, std::vector<u8> bytes) {
  const bool added = items_.emplace(key, std::move(bytes)).second;
  assert(added);
  (void)added;
}

void FwCfg::add_u16(u16 key, u16 value) { add(key, little_endian(value, 2)); }
void FwCfg::add_u32(u16 key, u32 value) { add(key, little_endian(value, 4)); }
void FwCfg::add_u64(u16 key, u64 value) { add(key, little_endian(value, 8)); }

void FwCfg::add_file(const std::string& name, std::vector<u8> bytes) {
  assert(name.size() <= kLongestName && !files_.contains(name));
  const u16 key = static_cast<u16>(cfg::kFileFirst + files_.size());
  add(key, std::move(bytes));
  files_.emplace(name, key);
  make_directory();
}

// abi::fw_cfg::FileEntry, integers big-endian.
void FwCfg::make_directory() {
  std::vector<u8> out;
  put_big_endian(out, static_cast<u32>(files_.size()), 4);
  for (const auto& [name, key] : files_) {
    put_big_endian(out, static_cast<u32>(items_[key].size()), 4);
    put_big_endian(out, key, 2);
    put_big_endian(out, 0, 2);
    out.insert(out.end(), name.begin(), name.end());
    out.resize(out.size() + sizeof(cfg::FileEntry::name) - name.size(), 0);
  }
  items_[cfg::kFileDirectory] = std::move(out);
}

void FwCfg::reset() { state_ = State{}; }

u64 FwCfg::io_read(u64 offset, u32) {
  if (offset == 0) return 0;
  const auto item = items_.find(state_.selector);
  if (item == items_.end() || state_.offset >= item->second.size()) return 0;
  return item->second[state_.offset++];
}

void FwCfg::io_write(u64 offset, u32 size, u64 value) {
  if (offset != 0 || size != 2) return;
  state_.selector = static_cast<u16>(value);
  state_.offset = 0;
}

// --- DMA ("DMA interface"). A request is done at once: the guest finds its control field cleared.

u64 FwCfg::DmaPorts::io_read(u64 offset, u32 size) {
  // The signature, its first letter in the first port.
  u64 value = 0;
  for (u32 i = 0; i < size; ++i) value |= (cfg::kDmaSignature >> (8 * (7 - offset - i)) & 0xff) << (8 * i);
  return value;
}

void FwCfg::DmaPorts::io_write(u64 offset, u32 size, u64 value) {
  if (size != 4) return;
  u32& high = device.state_.dma_high;
  if (offset == 0) high = swapped(value);
  if (offset != 4) return;
  device.run_dma(GuestPhys{u64{std::exchange(high, 0)} << 32 | swapped(value)});
}

void FwCfg::run_dma(GuestPhys request) {
  u8 bytes[sizeof(cfg::DmaRequest)];
  if (!memory_.read(request, bytes)) return;  // nobody could be told
  const std::span<const u8> fields(bytes);
  const u32 control = static_cast<u32>(big_endian(fields.subspan(0, 4)));
  const u32 length = static_cast<u32>(big_endian(fields.subspan(4, 4)));
  const GuestPhys address{big_endian(fields.subspan(8, 8))};
  if ((control & cfg::kDmaSelect) != 0) {
    state_.selector = static_cast<u16>(control >> 16);
    state_.offset = 0;
  }
  const bool done = transfer(control, length, address);
  const u8 answer[4] = {0, 0, 0, done ? u8{0} : static_cast<u8>(cfg::kDmaError)};
  memory_.write(request, answer);
}

// Read wins over write, and write over skip. No item can be written.
bool FwCfg::transfer(u32 control, u32 length, GuestPhys to) {
  const bool read = (control & cfg::kDmaRead) != 0;
  if (!read && (control & cfg::kDmaWrite) != 0) return false;
  if (!read && (control & cfg::kDmaSkip) == 0) return true;
  const auto item = items_.find(state_.selector);
  const usize size = item == items_.end() ? 0 : item->second.size();
  const u32 there = static_cast<u32>(std::min<u64>(length, state_.offset < size ? size - state_.offset : 0));
  if (read) {
    const u32 zeroes = length - there;
    if (zeroes > kMostZeroes) return false;
    if (there != 0 && !memory_.write(to, std::span(item->second).subspan(state_.offset, there))) return false;
    if (zeroes != 0 && !memory_.write(to + there, std::vector<u8>(zeroes, 0))) return false;
  }
  state_.offset += there;
  return true;
}

}  // namespace paemu
