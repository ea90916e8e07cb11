// Row "integer".
#include "guest_rows.hpp"

namespace rows {
namespace {

u32 numbers[4096];
u8 text[8192];
u8 sieve[16384];

u32 seed = 1;
u32 next_random() { return seed = seed * 1664525u + 1013904223u; }

void sort(u32* first, u32* last) {
  while (last - first > 1) {
    const u32 pivot = first[(last - first) / 2];
    u32 *low = first, *high = last - 1;
    while (low <= high) {
      while (*low < pivot) ++low;
      while (*high > pivot) --high;
      if (low <= high) {
        const u32 t = *low;
        *low++ = *high;
        *high-- = t;
      }
    }
    if (high + 1 - first > 1) sort(first, high + 1);
    first = low;
  }
}

u32 hash(const u8* p, u32 length) {
  u32 h = 2166136261u;
  for (u32 n = 0; n < length; ++n) h = (h ^ p[n]) * 16777619u;
  return h;
}

u32 count_primes() {
  u32 count = 0;
  for (u32 n = 0; n < sizeof(sieve); ++n) sieve[n] = 1;
  for (u32 n = 2; n < sizeof(sieve); ++n) {
    if (!sieve[n]) continue;
    ++count;
    for (u32 k = n * 2; k < sizeof(sieve); k += n) sieve[k] = 0;
  }
  return count;
}

__attribute__((noinline)) u32 fibonacci(u32 n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

}  // namespace

u32 integer_round() {
  for (u32& n : numbers) n = next_random();
  sort(numbers, numbers + 4096);
  for (u8& c : text) c = static_cast<u8>(next_random() >> 24);
  return hash(text, sizeof(text)) + count_primes() + fibonacci(15) + numbers[0];
}

}  // namespace rows
