// MMX as programs of its time use it: pictures blended, sums taken, bytes
// chosen, between floating-point arithmetic, by two processes in turns; and old
// string instructions. Each result is held against plain C.
//> all as expected
#include "expect.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { kSize = 3 * 4096 + 64, kRounds = 150 };

static uint8_t first[kSize], second[kSize], result[kSize + 8],
    wanted[kSize + 8];

static void fill(uint32_t seed) {
  for (int n = 0; n < kSize; ++n) {
    seed = seed * 1664525 + 1013904223;
    first[n] = seed >> 24;
    second[n] = seed >> 16;
  }
}

// result = first + second with saturation, at any alignment.
static void add_pictures(int from, int size) {
  for (int n = from; n + 8 <= from + size; n += 8)
    __asm__ volatile("movq %1, %%mm0; paddusb %2, %%mm0; movq %%mm0, %0"
                     : "=m"(*(uint64_t *)(result + n))
                     : "m"(*(uint64_t *)(first + n)),
                       "m"(*(uint64_t *)(second + n))
                     : "mm0");
  __asm__ volatile("emms");
}

static uint32_t sum_of_differences(int size) {
  uint32_t sum;
  __asm__ volatile("pxor %%mm7, %%mm7" ::: "mm7");
  for (int n = 0; n + 8 <= size; n += 8)
    __asm__ volatile("movq %0, %%mm1; psadbw %1, %%mm1; paddd %%mm1, %%mm7"
                     :
                     : "m"(*(uint64_t *)(first + n)),
                       "m"(*(uint64_t *)(second + n))
                     : "mm1", "mm7");
  __asm__ volatile("movd %%mm7, %0; emms" : "=r"(sum));
  return sum;
}

// The bytes of `first` whose neighbour in `second` has its top bit set.
static void choose(int size) {
  for (int n = 0; n + 8 <= size; n += 8)
    __asm__ volatile("movq %0, %%mm2; movq %1, %%mm3; maskmovq %%mm3, %%mm2"
                     :
                     : "m"(*(uint64_t *)(first + n)),
                       "m"(*(uint64_t *)(second + n)), "D"(result + n)
                     : "mm2", "mm3", "memory");
  __asm__ volatile("emms");
}

static int scan(const uint8_t *at, uint8_t byte, int size) {
  int left = size;
  __asm__ volatile("repne scasb"
                   : "+c"(left), "+D"(at)
                   : "a"(byte)
                   : "cc", "memory");
  return size - left;
}

static int same(const uint8_t *a, const uint8_t *b, int size) {
  uint8_t equal;
  __asm__ volatile("test %%eax, %%eax; repe cmpsb; sete %0"
                   : "=q"(equal), "+c"(size), "+S"(a), "+D"(b)
                   : "a"(0)
                   : "cc", "memory");
  return equal;
}

static int work(uint32_t seed) {
  double average = 0;
  for (int round = 0; round < kRounds; ++round) {
    fill(seed + round);
    const int from = round % 8, size = kSize - 64;
    memset(result, 0, sizeof result);
    memset(wanted, 0, sizeof wanted);
    add_pictures(from, size);
    for (int n = from; n < from + size; ++n)
      wanted[n] = first[n] + second[n] > 255 ? 255 : first[n] + second[n];
    expect(same(result, wanted, kSize), 1);

    uint32_t differences = 0;
    for (int n = 0; n < size; ++n)
      differences += abs(first[n] - second[n]);
    expect(sum_of_differences(size), differences);
    average += (double)differences / size; // on the registers that MMX had

    choose(size);
    for (int n = 0; n < size; ++n)
      if (second[n] & 0x80)
        wanted[n] = first[n];
    expect(same(result, wanted, kSize), 1);
    const uint8_t *const there = memchr(result, 7, kSize);
    expect(scan(result, 7, kSize), there == NULL ? kSize : there - result + 1);
  }
  // Of two bytes at random: 256 / 3.
  expect(average / kRounds > 84 && average / kRounds < 87, 1);
  return failed_checks;
}

int main(void) {
  const pid_t other = fork();
  if (other == 0)
    _exit(work(77) != 0);
  work(1);
  int status;
  expect(waitpid(other, &status, 0), other);
  expect(status, 0);
  return finish();
}
