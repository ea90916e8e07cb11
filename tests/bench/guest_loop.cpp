// The guest's side of the interpreter benchmark: compiled 32-bit integer code of the usual kinds (sorting, hashing,
// string scanning, a call tree, a sieve). Built freestanding and loaded at a fixed address. Endless, unless the double
// word at kRounds says how many rounds: then it ends the emulator after them.
using u32 = unsigned;
using u16 = unsigned short;
using u8 = unsigned char;

namespace {

constexpr u32 kResult = 0x90000;  // written after each round
constexpr u32 kRounds = 0x90004;

volatile u32& word_at(u32 address) { return *reinterpret_cast<volatile u32*>(address); }

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

void out(u16 port, u8 value) { asm volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }

// Exit status 1 from paemu's debug-exit port; Bochs ends when it reads "Shutdown" at port 0x8900.
[[noreturn]] void end() {
  out(0x501, 0);
  for (const char c : "Shutdown") out(0x8900, static_cast<u8>(c));
  for (;;) asm volatile("hlt");
}

}  // namespace

extern "C" __attribute__((section(".start"), noreturn)) void start() {
  for (u32 result = 0;;) {
    for (u32& n : numbers) n = next_random();
    sort(numbers, numbers + 4096);
    for (u8& c : text) c = static_cast<u8>(next_random() >> 24);
    result += hash(text, sizeof(text)) + count_primes() + fibonacci(15) + numbers[0];
    word_at(kResult) = result;
    if (const u32 left = word_at(kRounds); left != 0) {
      if (left == 1) end();
      word_at(kRounds) = left - 1;
    }
  }
}
