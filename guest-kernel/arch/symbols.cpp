#include "arch/symbols.hpp"

// Made at link time by tools/kernel-symbols; an empty table when absent.
extern "C" {
[[gnu::weak]] extern const base::u32 symbol_addresses[];
[[gnu::weak]] extern const char* const symbol_names[];
[[gnu::weak]] extern const base::u32 symbol_count;
}

namespace ido {

Symbol symbol_of(u32 address) {
  if (&symbol_count == nullptr || symbol_count == 0 || address < symbol_addresses[0]) return {};
  u32 low = 0, high = symbol_count;  // symbol_addresses[low] <= address < symbol_addresses[high]
  while (high - low > 1) {
    const u32 middle = (low + high) / 2;
    (symbol_addresses[middle] <= address ? low : high) = middle;
  }
  return {symbol_names[low], address - symbol_addresses[low]};
}

}  // namespace ido
