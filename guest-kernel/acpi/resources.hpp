// Resource templates, as _CRS gives them (ACPI 6.4): only what memory devices need.
#pragma once

#include "acpi/object.hpp"

namespace ido::acpi {

struct MemoryResource {
  u64 base = 0;
  u64 size = 0;  // bytes
};

// The next memory range at or after offset `at` of a template, and `at` behind it; false at the end or at anything that
// is malformed. Empty ranges are passed over.
bool next_memory(const Bytes& resources, u32& at, MemoryResource& found);

}  // namespace ido::acpi
