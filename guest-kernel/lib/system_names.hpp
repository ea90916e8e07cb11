// What the kernel calls itself (uname(2)) and its machine.
#pragma once

#include "lib/errno.hpp"
#include "lib/string.hpp"

namespace ido {

// The system calls are those of this Linux release; C libraries refuse to run on one that is too old for them.
inline constexpr char kRelease[] = "6.1.0-ido";
inline constexpr char kVersion[] = "#1 PAE 4G/4G";

inline constexpr u32 kMostHostName = 64;  // bytes
const char* host_name();
Or<> set_host_name(StringView name);  // Errno::kInval: too long
const char* domain_name();
Or<> set_domain_name(StringView name);

}  // namespace ido
