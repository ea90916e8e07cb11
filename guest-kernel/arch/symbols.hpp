// Names of kernel functions for back traces.
#pragma once

#include "base/types.hpp"

namespace ido {
using namespace base;

struct Symbol {
  const char* name = nullptr;  // nullptr: unknown
  u32 offset = 0;              // bytes into it
};
Symbol symbol_of(u32 address);

}  // namespace ido
