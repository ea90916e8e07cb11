// COM1 in place of screen and keyboard, for a machine without a video ROM.
#pragma once

#include "base/types.hpp"

namespace services {
using namespace base;

// What arrived on COM1, as keys into the keyboard's buffer.
void poll_serial_keys();

void serial_put(u8 byte);
void serial_put(const char* text);

}  // namespace services
