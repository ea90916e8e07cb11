// guestbench: one static 32-bit Linux program that times a fixed amount of work per kernel.
// Usage: guestbench [name...]   Prints "name seconds checksum" a line.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static uint32_t rng = 12345;

static uint32_t rnd(void) {
  rng ^= rng << 13;
  rng ^= rng >> 17;
  rng ^= rng << 5;
  return rng;
}

static uint32_t b_sieve(void) {
  enum { N = 2000000 };

  static uint8_t s[N];
  uint32_t c = 0;
  for (int r = 0; r < 24; r++) {
    memset(s, 0, N);
    c = 0;
    for (int i = 2; i < N; i++)
      if (!s[i]) {
        c++;
        for (int j = i + i; j < N; j += i) s[j] = 1;
      }
  }
  return c;
}

static int cmpi(const void* a, const void* b) {
  int x = *(int*)a, y = *(int*)b;
  return (x > y) - (x < y);
}

static uint32_t b_qsort(void) {
  enum { N = 400000 };

  static int a[N];
  uint32_t h = 0;
  for (int r = 0; r < 3; r++) {
    for (int i = 0; i < N; i++) a[i] = rnd();
    qsort(a, N, 4, cmpi);
    h ^= a[N / 3];
  }
  return h;
}

static uint32_t b_sha(void) {
  static const uint32_t K[64] = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
      0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
      0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
      0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
      0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
      0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
      0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
  uint32_t H[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19},
           w[64];
#define R(x, n) (((x) >> (n)) | ((x) << (32 - (n))))
  for (int blk = 0; blk < 600000; blk++) {
    for (int i = 0; i < 16; i++) w[i] = blk * i + H[i & 7];
    for (int i = 16; i < 64; i++)
      w[i] = w[i - 16] + w[i - 7] + (R(w[i - 15], 7) ^ R(w[i - 15], 18) ^ (w[i - 15] >> 3)) +
             (R(w[i - 2], 17) ^ R(w[i - 2], 19) ^ (w[i - 2] >> 10));
    uint32_t a = H[0], b = H[1], c = H[2], d = H[3], e = H[4], f = H[5], g = H[6], h = H[7];
    for (int i = 0; i < 64; i++) {
      uint32_t t1 = h + (R(e, 6) ^ R(e, 11) ^ R(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i],
               t2 = (R(a, 2) ^ R(a, 13) ^ R(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = d + t1;
      d = c;
      c = b;
      b = a;
      a = t1 + t2;
    }
    H[0] += a;
    H[1] += b;
    H[2] += c;
    H[3] += d;
    H[4] += e;
    H[5] += f;
    H[6] += g;
    H[7] += h;
  }
  return H[0];
}

static uint32_t b_lz(void) {
  enum { N = 1 << 20 };

  static uint8_t s[N];
  static int hd[1 << 14];
  uint32_t out = 0;
  for (int i = 0; i < N; i++) s[i] = "abcdefgh"[(rnd() >> 7) & ((i >> 12) & 7)];
  for (int r = 0; r < 30; r++) {
    memset(hd, -1, sizeof hd);
    int i = 0;
    while (i < N - 4) {
      uint32_t h = ((s[i] | s[i + 1] << 8 | s[i + 2] << 16) * 2654435761u) >> 18;
      int p = hd[h];
      hd[h] = i;
      int l = 0;
      if (p >= 0)
        while (l < 255 && i + l < N && s[p + l] == s[i + l]) l++;
      if (l > 3) {
        out += l;
        i += l;
      } else {
        out ^= s[i];
        i++;
      }
    }
  }
  return out;
}

static uint32_t b_nbody(void) {
  volatile long double sink;
  double x[5] = {0, 4.84, 8.34, 12.89, 15.37}, y[5] = {0, -1.16, 4.12, -15.11, -25.9}, z[5] = {0, -.1, -.4, -.22, .17},
         vx[5] = {0, .6, -1, 1, .9}, vy[5] = {0, 2.8, 1.8, .86, .5}, vz[5] = {0, -.02, .008, -.01, -.03},
         m[5] = {39.4, .037, .011, .0017, .002};
  for (int s = 0; s < 1500000; s++) {
    for (int i = 0; i < 5; i++)
      for (int j = i + 1; j < 5; j++) {
        double dx = x[i] - x[j], dy = y[i] - y[j], dz = z[i] - z[j], d2 = dx * dx + dy * dy + dz * dz,
               mg = .01 / (d2 * __builtin_sqrt(d2));
        vx[i] -= dx * m[j] * mg;
        vy[i] -= dy * m[j] * mg;
        vz[i] -= dz * m[j] * mg;
        vx[j] += dx * m[i] * mg;
        vy[j] += dy * m[i] * mg;
        vz[j] += dz * m[i] * mg;
      }
    for (int i = 0; i < 5; i++) {
      x[i] += .01 * vx[i];
      y[i] += .01 * vy[i];
      z[i] += .01 * vz[i];
    }
  }
  sink = x[0];
  return (uint32_t)(int)(sink * 1e6L);
}

__attribute__((target("sse2"), optimize("O3"))) static uint32_t b_sse(void) {
  enum { N = 4096 };

  static float a[N], b[N], c[N];
  for (int i = 0; i < N; i++) {
    a[i] = i;
    b[i] = N - i;
    c[i] = 0;
  }
  for (int r = 0; r < 600000; r++)
    for (int i = 0; i < N; i++) c[i] = c[i] * .5f + a[i] * b[i];
  uint32_t h;
  memcpy(&h, &c[77], 4);
  return h;
}

static uint32_t b_chase(void) {
  enum { N = 1 << 20 };

  static uint32_t nx[N];
  for (int i = 0; i < N; i++) nx[i] = i;
  for (int i = N - 1; i > 0; i--) {
    int j = rnd() % i;
    uint32_t t = nx[i];
    nx[i] = nx[j];
    nx[j] = t;
  }
  uint32_t p = 0;
  for (int i = 0; i < 6000000; i++) p = nx[p];
  return p;
}

static uint32_t b_memcpy(void) {
  enum { N = 8 << 20 };

  static char a[N], b[N];
  memset(a, 7, N);
  for (int r = 0; r < 200; r++) {
    memcpy(b, a, N);
    a[r] = b[r] + 1;
  }
  return b[39];
}

typedef uint32_t (*op)(uint32_t);

static uint32_t o0(uint32_t x) { return x + 1; }

static uint32_t o1(uint32_t x) { return x * 3; }

static uint32_t o2(uint32_t x) { return x ^ 0x55; }

static uint32_t o3(uint32_t x) { return x >> 1 | x << 31; }

static uint32_t b_indirect(void) {
  static op volatile t[4] = {o0, o1, o2, o3};
  uint32_t x = 1, s = 7;
  for (int i = 0; i < 20000000; i++) {
    s = s * 1103515245 + 12345;
    x = t[(s >> 20) & 3](x);
  }
  return x;
}

static volatile int one = 1;

__attribute__((noinline, noclone, optimize("O1"))) static int fib(int n) {
  return n < 2 ? n : fib(n - one) + fib(n - 2);
}

static uint32_t b_fib(void) { return fib(38); }

static uint32_t b_getpid(void) {
  uint32_t h = 0;
  for (int i = 0; i < 1500000; i++) h += syscall(SYS_getppid);
  return h != 0;
}

static uint32_t b_pipe(void) {
  int p[2], q[2];
  char c = 0;
  if (pipe(p) || pipe(q)) return 0;
  pid_t k = fork();
  if (!k) {
    for (int i = 0; i < 20000; i++) {
      if (read(p[0], &c, 1) != 1) _exit(1);
      c++;
      if (write(q[1], &c, 1) != 1) _exit(1);
    }
    _exit(0);
  }
  for (int i = 0; i < 20000; i++) {
    if (write(p[1], &c, 1) != 1) return 0;
    if (read(q[0], &c, 1) != 1) return 0;
  }
  waitpid(k, 0, 0);
  return (uint8_t)c;
}

static uint32_t b_fork(void) {
  int n = 0;
  for (int i = 0; i < 400; i++) {
    pid_t k = fork();
    if (!k) _exit(i & 1);
    int st;
    waitpid(k, &st, 0);
    n += WEXITSTATUS(st);
  }
  return n;
}

static uint32_t b_fault(void) {
  uint32_t n = 0;
  for (int r = 0; r < 20; r++) {
    enum { L = 8 << 20 };

    char* m = mmap(0, L, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < L; i += 4096) {
      m[i] = 1;
      n++;
    }
    munmap(m, L);
  }
  return n;
}

struct {
  const char* n;
  uint32_t (*f)(void);
} T[] = {{"sieve", b_sieve},       {"qsort", b_qsort},    {"sha256", b_sha},     {"lz", b_lz},
         {"nbody-x87", b_nbody},   {"saxpy-sse", b_sse},  {"chase", b_chase},    {"memcpy", b_memcpy},
         {"indirect", b_indirect}, {"fib", b_fib},        {"syscall", b_getpid}, {"pipe", b_pipe},
         {"fork", b_fork},         {"pagefault", b_fault}};

int main(int c, char** v) {
  for (unsigned i = 0; i < sizeof T / sizeof *T; i++) {
    if (c > 1) {
      int ok = 0;
      for (int k = 1; k < c; k++) ok |= !strcmp(v[k], T[i].n);
      if (!ok) continue;
    }
    rng = 12345;
    double t = now();
    uint32_t h = T[i].f();
    t = now() - t;
    printf("BENCH %-10s %8.3f %08x\n", T[i].n, t, h);
    fflush(stdout);
  }
  return 0;
}
