#include "bios/fw_cfg.hpp"

#include "abi/fw_cfg.hpp"
#include "abi/ports.hpp"
#include "base/port_io.hpp"
#include "bios/strings.hpp"

namespace firmware {

namespace cfg = abi::fw_cfg;

namespace {

constexpr u32 kMaxFiles = 1024;  // a directory that claims more is broken
u32 selected;                    // the key that the device's position belongs to

void select(u32 key) {
  out16(abi::port::kFwCfgSelector, static_cast<u16>(key));
  selected = key;
}

constexpr u32 kWorthDma = 256;  // bytes: each byte by the port is an exit to the emulator
constexpr u32 kOrdinaryRam = 0x100000;  // what lies below may be shadowed or a device's
bool by_dma;                            // the device can

// -> done? Else by the port.
bool run_dma(u32 control, void* to, u32 count) {
  if (!by_dma || count < kWorthDma) return false;
  volatile cfg::DmaRequest request = {__builtin_bswap32(control), __builtin_bswap32(count),
                                      __builtin_bswap64(reinterpret_cast<u32>(to))};
  asm volatile("" : : "r"(&request) : "memory");
  out32(abi::port::kFwCfgDma, 0);
  out32(abi::port::kFwCfgDma + 4, __builtin_bswap32(reinterpret_cast<u32>(&request)));
  asm volatile("" : : : "memory");
  return request.control == 0;
}

void next(void* to, u32 count) {
  if (reinterpret_cast<u32>(to) >= kOrdinaryRam && run_dma(cfg::kDmaRead, to, count)) return;
  asm volatile("rep insb" : "+D"(to), "+c"(count) : "d"(abi::port::kFwCfgData) : "memory");
}

void skip(u32 count) {
  if (run_dma(cfg::kDmaSkip, nullptr, count)) return;
  u8 waste[256];
  while (count > 0) {
    const u32 now = count < sizeof(waste) ? count : sizeof(waste);
    next(waste, now);
    count -= now;
  }
}

}  // namespace

bool fw_cfg_present() {
  u8 signature[4];
  select(cfg::kSignature);
  next(signature, sizeof(signature));
  if (!equal(signature, "QEMU", 4)) return false;
  by_dma = (fw_cfg_number(cfg::kId) & cfg::kIdDma) != 0;
  return true;
}

void FwCfgItem::read(u32 offset, void* to, u32 count) {
  if (selected != key_ || offset < position_) {
    select(key_);
    position_ = 0;
  }
  skip(offset - position_);
  next(to, count);
  position_ = offset + count;
}

FwCfgItem fw_cfg_sized(u32 size_key, u32 data_key) {
  u32 size = 0;
  select(size_key);
  next(&size, sizeof(size));
  return {data_key, size};
}

u32 fw_cfg_number(u32 key) {
  u16 number = 0;
  select(key);
  next(&number, sizeof(number));
  return number;
}

namespace {

// Calls visit(entry) for each file, in the directory's order, until one returns true.
template <class Visit>
void each_entry(Visit&& visit) {
  select(cfg::kFileDirectory);
  u32 count = 0;
  next(&count, sizeof(count));
  count = __builtin_bswap32(count);
  for (u32 i = 0; i < count && i < kMaxFiles; ++i) {
    cfg::FileEntry entry;
    static_assert(sizeof(entry) == 64);
    next(&entry, sizeof(entry));
    entry.name[sizeof(entry.name) - 1] = '\0';
    if (visit(entry)) return;
  }
}

FwCfgItem item_of(const cfg::FileEntry& entry) {
  return {__builtin_bswap16(entry.selector), __builtin_bswap32(entry.size)};
}

bool begins(const char* text, const char* prefix) {
  for (; *prefix != '\0'; ++text, ++prefix) {
    if (*text != *prefix) return false;
  }
  return true;
}

}  // namespace

FwCfgItem fw_cfg_file(const char* name) {
  FwCfgItem found;
  each_entry([&](const cfg::FileEntry& entry) {
    if (!equal(entry.name, name)) return false;
    found = item_of(entry);
    return true;
  });
  return found;
}

u32 fw_cfg_files(const char* prefix, FwCfgItem* files, u32 most) {
  u32 count = 0;
  each_entry([&](const cfg::FileEntry& entry) {
    if (begins(entry.name, prefix)) files[count++] = item_of(entry);
    return count == most;
  });
  return count;
}

}  // namespace firmware
