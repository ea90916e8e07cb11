// print: the kernel log, to the serial console and the ring that /proc/kmsg and dmesg read. printf's formats, checked
// by the compiler: %d %u %x %lx %llu %llx %s %c %p %08x %-10s and so on; no floating point.
#pragma once

#include <stdarg.h>

#include "base/types.hpp"

namespace ido {
using namespace base;

[[gnu::format(printf, 1, 2)]] void print(const char* format, ...);

// Into a buffer of `size` bytes, always terminated. Returns the length that would have been written.
[[gnu::format(printf, 3, 4)]] u32 format_to(char* buffer, u32 size, const char* format, ...);
u32 format_list(char* buffer, u32 size, const char* format, va_list arguments);

// Says why, with registers and a back trace, and stops the machine (debug-exit port when the command line has
// "panic=exit").
[[noreturn, gnu::format(printf, 1, 2)]] void panic(const char* format, ...);

#define KASSERT(condition)                                                                         \
  do {                                                                                             \
    if (!(condition)) ::ido::panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #condition); \
  } while (0)

}  // namespace ido
