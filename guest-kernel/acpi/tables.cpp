#include "acpi/tables.hpp"

#include "arch/kmap.hpp"
#include "lib/print.hpp"
#include "lib/string.hpp"

namespace ido::acpi {

namespace {

constexpr u32 kHeaderSize = 36;
constexpr u32 kMaxTableSize = 1u << 20;

template <class T>
T field(const u8* table, u32 offset) {
  T value;
  memcpy(&value, table + offset, sizeof(value));
  return value;
}

bool sums_to_zero(const u8* bytes, u32 size) {
  u8 sum = 0;
  for (u32 i = 0; i < size; ++i) sum = static_cast<u8>(sum + bytes[i]);
  return sum == 0;
}

const u8* search_rsdp(u32 begin, u32 end) {
  for (u32 at = begin; at + 20 <= end; at += 16) {
    const u8* p = static_cast<const u8*>(low_address(Pfn{0})) + at;
    if (memcmp(p, "RSD PTR ", 8) == 0 && sums_to_zero(p, 20)) return p;
  }
  return nullptr;
}

// Maps a table whose size stands in its header. data nullptr when it can't be one.
Table map_table(u64 physical, bool has_checksum) {
  const auto* header = static_cast<const u8*>(ioremap(physical, kHeaderSize));
  if (header == nullptr) return {};
  const u32 size = field<u32>(header, 4);
  if (size < kHeaderSize || size > kMaxTableSize) return {};
  const auto* whole = static_cast<const u8*>(ioremap(physical, size));
  if (whole == nullptr) return {};
  if (has_checksum && !sums_to_zero(whole, size)) {
    print("acpi: the table %.4s has a wrong checksum and is not used\n", reinterpret_cast<const char*>(header));
    return {};
  }
  return {whole, size};
}

// Generic Address Structure (5.2.3.2) of a port, or the 32-bit field of ACPI 1.0.
u16 port(const Table& fadt, u32 extended, u32 old) {
  constexpr u8 kSystemIo = 1;
  if (fadt.size >= extended + 12 && fadt.data[extended] == kSystemIo && field<u64>(fadt.data, extended + 4) != 0) {
    return static_cast<u16>(field<u64>(fadt.data, extended + 4));
  }
  return static_cast<u16>(field<u32>(fadt.data, old));
}

}  // namespace

// 5.2.5.1: the first KiB of the EBDA, then the BIOS's read-only memory.
const u8* find_rsdp() {
  const u32 ebda = u32{field<u16>(static_cast<const u8*>(low_address(Pfn{0})), 0x40e)} << 4;
  const u8* found = nullptr;
  if (ebda >= 0x400 && ebda < 0xa0000) found = search_rsdp(ebda, ebda + 1024 < 0xa0000 ? ebda + 1024 : 0xa0000);
  return found != nullptr ? found : search_rsdp(0xe0000, 0x100000);
}

Or<> Tables::find() {
  const u8* rsdp = find_rsdp();
  if (rsdp == nullptr) return fail(Errno::kNoDev);
  const bool extended = rsdp[15] >= 2 && sums_to_zero(rsdp, 36) && field<u64>(rsdp, 24) != 0;
  const Table root = map_table(extended ? field<u64>(rsdp, 24) : field<u32>(rsdp, 16), true);
  if (root.data == nullptr) return fail(Errno::kInval);
  const u32 entry_size = extended ? 8 : 4;
  for (u32 at = kHeaderSize; at + entry_size <= root.size && count_ < kMaxTables; at += entry_size) {
    const u64 physical = extended ? field<u64>(root.data, at) : field<u32>(root.data, at);
    if (physical == 0) continue;
    const Table table = map_table(physical, true);
    if (table.data != nullptr) tables_[count_++] = table;
  }
  return read_fadt();
}

Table Tables::get(const char* signature, u32 number) const {
  for (u32 i = 0; i < count_; ++i) {
    if (memcmp(tables_[i].data, signature, 4) == 0 && number-- == 0) return tables_[i];
  }
  return {};
}

Or<> Tables::read_fadt() {
  constexpr u32 kAcpi1Size = 116, kPowerButtonIsDevice = 1u << 4, kResetSupported = 1u << 10;
  const Table fadt = get("FACP", 0);
  if (fadt.data == nullptr || fadt.size < kAcpi1Size) return fail(Errno::kInval);
  FixedHardware& f = fixed_;
  f.sci_irq = field<u16>(fadt.data, 46);
  f.smi_command = static_cast<u16>(field<u32>(fadt.data, 48));
  f.enable_value = fadt.data[52];
  f.pm1_event[0] = port(fadt, 148, 56);
  f.pm1_event[1] = port(fadt, 160, 60);
  f.pm1_control[0] = port(fadt, 172, 64);
  f.pm1_control[1] = port(fadt, 184, 68);
  f.gpe_block[0] = port(fadt, 220, 80);
  f.gpe_block[1] = port(fadt, 232, 84);
  f.pm1_event_length = fadt.data[88];
  f.gpe_length[0] = fadt.data[92];
  f.gpe_length[1] = fadt.data[93];
  f.gpe1_base = fadt.data[94];
  const u32 flags = field<u32>(fadt.data, 112);
  f.power_button = !(flags & kPowerButtonIsDevice);
  if (fadt.size >= 129 && (flags & kResetSupported)) {
    f.has_reset = true;
    f.reset_space = fadt.data[116];
    f.reset_address = field<u64>(fadt.data, 120);
    f.reset_value = fadt.data[128];
  }
  u64 dsdt = field<u32>(fadt.data, 40);
  if (fadt.size >= 148 && field<u64>(fadt.data, 140) != 0) dsdt = field<u64>(fadt.data, 140);
  dsdt_ = map_table(dsdt, true);
  return dsdt_.data != nullptr ? Or<>{} : fail(Errno::kInval);
}

}  // namespace ido::acpi
