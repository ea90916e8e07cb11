#include "bios/strings.hpp"

extern "C" {

void* memcpy(void* to, const void* from, base::usize count) {
  void* end = to;
  asm volatile("rep movsb" : "+D"(end), "+S"(from), "+c"(count) : : "memory");
  return to;
}

void* memset(void* to, int value, base::usize count) {
  void* end = to;
  asm volatile("rep stosb" : "+D"(end), "+c"(count) : "a"(value) : "memory");
  return to;
}
}
