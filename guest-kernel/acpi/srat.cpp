#include "acpi/srat.hpp"

#include "acpi/tables.hpp"
#include "arch/paging.hpp"
#include "lib/string.hpp"

namespace ido::acpi {

namespace {

constexpr u32 kHeaderSize = 36, kMaxTableSize = 1u << 20;

template <class T>
T field(const u8* table, u32 offset) {
  T value;
  memcpy(&value, table + offset, sizeof(value));
  return value;
}

// A table where the boot mappings show it; data nullptr when it lies elsewhere or can't be one.
Table table_at(u64 physical) {
  if (physical == 0 || physical > layout::kLowMemoryMax - kMaxTableSize) return {};
  const auto* data = static_cast<const u8*>(low_address(Pfn{0})) + physical;
  const u32 size = field<u32>(data, 4);
  if (size < kHeaderSize || size > kMaxTableSize) return {};
  return {data, size};
}

Table find_srat() {
  const u8* rsdp = find_rsdp();
  if (rsdp == nullptr) return {};
  const bool extended = rsdp[15] >= 2 && field<u64>(rsdp, 24) != 0;
  const Table root = table_at(extended ? field<u64>(rsdp, 24) : field<u32>(rsdp, 16));
  const u32 entry_size = extended ? 8 : 4;
  for (u32 at = kHeaderSize; at + entry_size <= root.size; at += entry_size) {
    const Table table = table_at(extended ? field<u64>(root.data, at) : field<u32>(root.data, at));
    if (table.data != nullptr && memcmp(table.data, "SRAT", 4) == 0) return table;
  }
  return {};
}

}  // namespace

u64 hotplug_memory_end() {
  constexpr u8 kMemoryAffinity = 1;  // 5.2.16.2
  constexpr u32 kMemoryAffinitySize = 40, kEnabledAndHotPluggable = 3;
  const Table srat = find_srat();
  u64 end = 0;
  for (u32 at = kHeaderSize + 12; at + 2 <= srat.size;) {
    const u8* entry = srat.data + at;
    const u32 size = entry[1];
    if (size < 2 || size > srat.size - at) break;
    if (entry[0] == kMemoryAffinity && size >= kMemoryAffinitySize &&
        (field<u32>(entry, 28) & kEnabledAndHotPluggable) == kEnabledAndHotPluggable) {
      const u64 base = field<u64>(entry, 8), length = field<u64>(entry, 16);
      if (length <= ~u64{0} - base && base + length > end) end = base + length;
    }
    at += size;
  }
  return end;
}

}  // namespace ido::acpi
