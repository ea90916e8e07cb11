#include "replay/trace_file.hpp"

#include <algorithm>
#include <cassert>

namespace paemu {

Or<> MemoryTrace::append(std::span<const u8> bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return {};
}

Or<> MemoryTrace::read(u64 offset, std::span<u8> out) {
  assert(offset <= bytes_.size() && out.size() <= bytes_.size() - offset);
  std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
  return {};
}

}  // namespace paemu
