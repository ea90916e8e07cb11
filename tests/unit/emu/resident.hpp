// What this process takes of the host's memory.
#pragma once

#include <fstream>
#include <string>

#include "base/types.hpp"

namespace paemu::testing {
using namespace base;

inline u64 resident_kib() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line))
    if (line.starts_with("VmRSS:")) return std::stoull(line.substr(6));
  return 0;
}

}  // namespace paemu::testing
