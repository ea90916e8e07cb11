#include "dev/fw_cfg.hpp"

#include <cassert>

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

}  // namespace

FwCfg::FwCfg() {
  add(cfg::kSignature, {'Q', 'E', 'M', 'U'});
  add_u32(cfg::kId, 1);  // the traditional interface only
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

}  // namespace paemu
