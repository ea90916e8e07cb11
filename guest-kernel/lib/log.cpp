#include "lib/log.hpp"

namespace ido {

namespace {
char g_ring[kLogSize];
u64 g_end = 0;
void (*g_console)(const char*, u32) = nullptr;
bool g_shown = true;
}  // namespace

void show_log_on_console(bool shown) { g_shown = shown; }

void set_log_console(void (*write)(const char* text, u32 size)) { g_console = write; }

u64 log_end() { return g_end; }

u32 read_log(u64& from, char* buffer, u32 size) {
  if (from + kLogSize < g_end) from = g_end - kLogSize;
  u32 count = 0;
  while (count < size && from < g_end) buffer[count++] = g_ring[from++ % kLogSize];
  return count;
}

void print(const char* format, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  u32 length = format_list(line, sizeof line, format, arguments);
  va_end(arguments);
  if (length >= sizeof line) length = sizeof line - 1;
  for (u32 i = 0; i < length; ++i) g_ring[g_end++ % kLogSize] = line[i];
  if (g_console != nullptr && g_shown) g_console(line, length);
}

}  // namespace ido
