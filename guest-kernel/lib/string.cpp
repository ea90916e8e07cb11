#include "lib/string.hpp"

extern "C" {

void* memcpy(void* to, const void* from, base::usize size) {
  void* result = to;
#if defined(__i386__)
  base::usize words = size / 4, tail = size % 4;
  asm volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(tail) : : "memory");
#else
  __builtin_memcpy(to, from, size);
#endif
  return result;
}

void* memset(void* to, int value, base::usize size) {
  void* result = to;
#if defined(__i386__)
  const base::u32 pattern = 0x01010101u * static_cast<base::u8>(value);
  base::usize words = size / 4, tail = size % 4;
  asm volatile("rep stosl" : "+D"(to), "+c"(words) : "a"(pattern) : "memory");
  asm volatile("rep stosb" : "+D"(to), "+c"(tail) : "a"(pattern) : "memory");
#else
  __builtin_memset(to, value, size);
#endif
  return result;
}

void* memmove(void* to, const void* from, base::usize size) {
  auto* d = static_cast<base::u8*>(to);
  auto* s = static_cast<const base::u8*>(from);
  if (d == s || size == 0) return to;
  if (d < s || d >= s + size) return memcpy(to, from, size);
  while (size-- > 0) {
    d[size] = s[size];
    asm volatile("" ::: "memory");  // or the compiler turns the loop into a call of memmove
  }
  return to;
}

int memcmp(const void* a, const void* b, base::usize size) {
  auto* x = static_cast<const base::u8*>(a);
  auto* y = static_cast<const base::u8*>(b);
  for (base::usize i = 0; i < size; ++i)
    if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
  return 0;
}

base::usize strlen(const char* s) {
  base::usize n = 0;
  while (s[n] != 0) {
    ++n;
    asm volatile("" ::: "memory");  // or the compiler turns the loop into a call of strlen
  }
  return n;
}

int strcmp(const char* a, const char* b) {
  while (*a != 0 && *a == *b) ++a, ++b;
  return static_cast<base::u8>(*a) - static_cast<base::u8>(*b);
}

}  // extern "C"

namespace ido {

bool parse_decimal(StringView text, u32& value) {
  u64 v = 0;
  for (u32 i = 0; i < text.size; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    v = v * 10 + static_cast<u32>(text[i] - '0');
    if (v > 0xffffffff) return false;
  }
  value = static_cast<u32>(v);
  return text.size > 0;
}

bool command_line_value(StringView line, StringView key, StringView& value) {
  u32 i = 0;
  while (i < line.size) {
    while (i < line.size && line[i] == ' ') ++i;
    const u32 start = i;
    bool quoted = false;
    while (i < line.size && (quoted || line[i] != ' ')) {
      if (line[i] == '"') quoted = !quoted;
      ++i;
    }
    const StringView word{line.data + start, i - start};
    if (!word.starts_with(key) || word.size <= key.size || word[key.size] != '=') continue;
    value = word.from(key.size + 1);
    if (value.size >= 2 && value[0] == '"' && value[value.size - 1] == '"') value = {value.data + 1, value.size - 2};
    return true;
  }
  return false;
}

}  // namespace ido
