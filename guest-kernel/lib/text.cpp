#include "lib/vector.hpp"

namespace ido {

void Text::add(StringView s) {
  for (u32 i = 0; i < s.size; ++i)
    if (!data_.push(s[i]).ok()) complete_ = false;
}

void Text::add(const char* format, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  u32 length = format_list(line, sizeof line, format, arguments);
  va_end(arguments);
  if (length >= sizeof line) length = sizeof line - 1;
  add(StringView{line, length});
}

}  // namespace ido
