// The C memory and string functions that the compiler and everybody need, and a string view.
#pragma once

#include "base/types.hpp"

extern "C" {
void* memcpy(void* to, const void* from, base::usize size);
void* memmove(void* to, const void* from, base::usize size);
void* memset(void* to, int value, base::usize size);
int memcmp(const void* a, const void* b, base::usize size);
base::usize strlen(const char* s);
int strcmp(const char* a, const char* b);
}

namespace ido {
using namespace base;

// A piece of text that somebody else owns. Not terminated.
struct StringView {
  const char* data = "";
  u32 size = 0;

  constexpr StringView() = default;
  constexpr StringView(const char* d, u32 n) : data(d), size(n) {}
  StringView(const char* terminated) : data(terminated), size(static_cast<u32>(strlen(terminated))) {}

  bool empty() const { return size == 0; }
  char operator[](u32 i) const { return data[i]; }
  bool operator==(StringView o) const { return size == o.size && memcmp(data, o.data, size) == 0; }
  bool starts_with(StringView p) const { return size >= p.size && memcmp(data, p.data, p.size) == 0; }
  StringView from(u32 first) const { return {data + first, size - first}; }
  StringView first(u32 n) const { return {data, n < size ? n : size}; }
  // The index of c, or size.
  u32 find(char c) const {
    u32 i = 0;
    while (i < size && data[i] != c) ++i;
    return i;
  }
};

// A decimal number that fills the whole text; false when it does not or when it exceeds 32 bits.
bool parse_decimal(StringView text, u32& value);

// The value of "key=value" among the words of a kernel command line; false when the key is not there. The value may be
// in double quotes, and then holds blanks.
bool command_line_value(StringView line, StringView key, StringView& value);

}  // namespace ido
