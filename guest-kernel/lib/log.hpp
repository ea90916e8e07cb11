// The kernel log: a ring of the last lines, and the console that they go to as they come.
#pragma once

#include "lib/print.hpp"
#include "lib/string.hpp"

namespace ido {

inline constexpr u32 kLogSize = 64 * 1024;  // bytes kept

// Where log lines go as they are printed; nullptr before a console exists (the ring keeps them).
void set_log_console(void (*write)(const char* text, u32 size));
// Whether they go there at all (syslog(2), 6 to 8). All lines count as informational; a panic shows them again.
void show_log_on_console(bool shown);

// Copies up to `size` bytes from position `from` (a count of all bytes ever logged) and returns how many; `from` moves
// up to the oldest byte kept when it lies before it, and past what was copied.
u32 read_log(u64& from, char* buffer, u32 size);
u64 log_end();

}  // namespace ido
