// What POST says: on COM1 at 115200 baud, 8N1, and on the screen once a video ROM runs.
#pragma once

#include "base/types.hpp"

namespace firmware {
using namespace base;

void console_init();
// From now on INT 10h shows it too.
void console_has_screen();

void put(const char* text);
void put(u32 decimal);

template <class... Parts>
void say(Parts... parts) {
  put("paemu firmware: ");
  (put(parts), ...);
  put("\r\n");
}

[[noreturn]] void halt();

// Says why nothing can be started and what would help, and stops for good.
template <class... Parts>
[[noreturn]] void refuse(Parts... parts) {
  say(parts...);
  halt();
}

}  // namespace firmware
