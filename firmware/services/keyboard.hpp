// The keyboard: controller and buffer.
#pragma once

#include "base/types.hpp"

namespace services {
using namespace base;

// Self-tests and modes of the 8042 and its keyboard; an absent one costs a short wait.
void init_keyboard();

// A key into the buffer, as INT 16h returns it: scan code in the high byte. False: the buffer is full.
bool store_key(u16 key);

// The key words for set 1 scan code `scan` under the shift flags of 40:17 and 40:18; kNoKey: none.
inline constexpr u16 kNoKey = 0xffff;
u16 translate_key(u8 scan, bool extended, u8 shift);

// The 8042 (IBM PS/2 Hardware Interface TRM, "Keyboard and auxiliary device controller"). All waits end.
bool send_controller_command(u8 command);
bool send_controller_data(u8 data);
// A byte from the output buffer; -1: none came in `ms`.
int read_controller_data(u32 ms);

}  // namespace services
