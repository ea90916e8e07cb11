// memload: fills memory with a verifiable, always-changing pattern and watches that nothing gets lost.
//
// Each page holds words derived from its number and its generation. A round visits all pages in a scattered order,
// checks every word against the generation last written, then writes the next one. A page that was moved wrongly,
// written late or mixed up shows as a wrong word. The last line is the verdict: "memload: OK ..." (exit 0) or
// "memload: CORRUPT ..." (exit 1).
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kPageSize = 4096, kWords = kPageSize / 4 };

static volatile sig_atomic_t stop_requested;
static void on_stop(int number) {
  (void)number;
  stop_requested = 1;
}

static const char usage[] =
    "usage: memload [-s SECONDS] [-r ROUNDS] [-p PROCESSES] [-k KIND] [-q] MIB\n"
    "  -s  end after so many seconds (default: at SIGTERM or SIGINT)\n"
    "  -r  end after so many rounds\n"
    "  -p  so many processes, each with MIB of its own (default 1)\n"
    "  -k  anon (default), shared (shared anonymous memory) or file (a file in /tmp, mapped)\n"
    "  -q  no progress lines\n";

static void fail(const char* what) {
  fprintf(stderr, "memload: %s: %s\n", what, strerror(errno));
  exit(2);
}

static double seconds_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint32_t word_of(uint32_t page, uint32_t generation, uint32_t i) {
  uint32_t x = page * 2654435761u ^ generation * 2246822519u ^ i * 3266489917u;
  x ^= x >> 15;
  return x * 668265263u;
}

static void fill(uint32_t* words, uint32_t page, uint32_t generation) {
  for (uint32_t i = 0; i < kWords; ++i) words[i] = word_of(page, generation, i);
}

// Returns the index of the first wrong word, or -1.
static int check(const uint32_t* words, uint32_t page, uint32_t generation) {
  for (uint32_t i = 0; i < kWords; ++i)
    if (words[i] != word_of(page, generation, i)) return (int)i;
  return -1;
}

struct Options {
  double seconds;
  uint32_t rounds, processes, pages;
  const char* kind;
  int quiet;
};

static uint32_t* map_memory(const struct Options* o) {
  const size_t size = (size_t)o->pages * kPageSize;
  void* at;
  if (strcmp(o->kind, "file") == 0) {
    char name[64];
    snprintf(name, sizeof name, "/tmp/memload.%d", (int)getpid());
    const int file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || ftruncate(file, (off_t)size) != 0) fail(name);
    at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    unlink(name);
  } else {
    const int shared = strcmp(o->kind, "shared") == 0;
    at = mmap(NULL, size, PROT_READ | PROT_WRITE, (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS, -1, 0);
  }
  if (at == MAP_FAILED) fail("mmap");
  return at;
}

static int run(const struct Options* o, uint32_t number) {
  uint32_t* memory = map_memory(o);
  uint32_t* generation = calloc(o->pages, sizeof *generation);
  if (generation == NULL) fail("calloc");
  const uint32_t salt = number * 0x01000193u;
  for (uint32_t p = 0; p < o->pages && !stop_requested; ++p) fill(memory + (size_t)p * kWords, p ^ salt, generation[p] = 1);
  if (!o->quiet) printf("memload[%u]: %u pages filled\n", number, o->pages), fflush(stdout);

  const double start = seconds_now();
  double told = start;
  uint32_t rounds = 0;
  uint64_t checked = 0;
  // A stride that is odd and not a divisor visits each page of a power-of-two window once; pages beyond are skipped.
  uint32_t window = 1;
  while (window < o->pages) window *= 2;
  while (!stop_requested) {
    for (uint32_t i = 0; i < window && !stop_requested; ++i) {
      const uint32_t p = (i * 40503u + rounds * 7919u) & (window - 1);
      if (p >= o->pages) continue;
      uint32_t* words = memory + (size_t)p * kWords;
      const int wrong = check(words, p ^ salt, generation[p]);
      if (wrong >= 0) {
        printf("memload: CORRUPT process %u page %u word %d: 0x%08x, expected 0x%08x (generation %u, round %u)\n", number, p, wrong,
               words[wrong], word_of(p ^ salt, generation[p], (uint32_t)wrong), generation[p], rounds);
        return 1;
      }
      fill(words, p ^ salt, ++generation[p]);
      ++checked;
      if ((checked & 255) == 0) {
        const double now = seconds_now();
        if (o->seconds > 0 && now - start >= o->seconds) stop_requested = 1;
        if (!o->quiet && now - told >= 1) printf("memload[%u]: round %u, %llu pages verified\n", number, rounds, (unsigned long long)checked), fflush(stdout), told = now;
      }
    }
    ++rounds;
    if (o->rounds > 0 && rounds >= o->rounds) break;
  }
  // The last word: every page once more.
  for (uint32_t p = 0; p < o->pages; ++p) {
    if (generation[p] == 0) continue;
    if (check(memory + (size_t)p * kWords, p ^ salt, generation[p]) >= 0) {
      printf("memload: CORRUPT process %u page %u at the end\n", number, p);
      return 1;
    }
  }
  printf("memload: OK process %u: %u pages, %u rounds, %llu pages verified\n", number, o->pages, rounds, (unsigned long long)checked);
  return 0;
}

static uint32_t number_of(const char* text, const char* what) {
  char* end;
  const unsigned long v = strtoul(text, &end, 10);
  if (*text == 0 || *end != 0 || v == 0 || v > 4000) {
    fprintf(stderr, "memload: %s \"%s\" is not a number from 1 to 4000\n%s", what, text, usage);
    exit(2);
  }
  return (uint32_t)v;
}

int main(int argc, char** argv) {
  struct Options o = {.kind = "anon", .processes = 1};
  int c;
  while ((c = getopt(argc, argv, "s:r:p:k:qh")) != -1) {
    switch (c) {
      case 's': o.seconds = number_of(optarg, "-s"); break;
      case 'r': o.rounds = number_of(optarg, "-r"); break;
      case 'p': o.processes = number_of(optarg, "-p"); break;
      case 'k': o.kind = optarg; break;
      case 'q': o.quiet = 1; break;
      case 'h': fputs(usage, stdout); return 0;
      default: fputs(usage, stderr); return 2;
    }
  }
  if (optind + 1 != argc || (strcmp(o.kind, "anon") && strcmp(o.kind, "shared") && strcmp(o.kind, "file"))) {
    fputs(usage, stderr);
    return 2;
  }
  o.pages = number_of(argv[optind], "MIB") * 256;
  signal(SIGTERM, on_stop);
  signal(SIGINT, on_stop);
  if (o.processes == 1) return run(&o, 0);
  for (uint32_t i = 0; i < o.processes; ++i) {
    const pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) return run(&o, i);
  }
  int worst = 0, status;
  for (;;) {
    if (wait(&status) < 0) {
      if (errno == EINTR) {
        kill(0, SIGTERM);
        continue;
      }
      break;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) worst = 1;
  }
  puts(worst ? "memload: CORRUPT: a process failed" : "memload: OK: all processes");
  return worst;
}
