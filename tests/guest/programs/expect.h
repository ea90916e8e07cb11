// What guest programs check with: each check that fails says what it saw; the last line tells whether all held.
#pragma once

#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int failed_checks;

// `got` must be `want`; a result below zero is shown with errno.
static inline void expect_value(const char* what, long long got, long long want, int line) {
  if (got == want) return;
  ++failed_checks;
  printf("line %d: %s is %lld (%s), not %lld\n", line, what, got, got < 0 ? strerror(errno) : "no error", want);
}
#define expect(call, want) expect_value(#call, (long long)(call), (long long)(want), __LINE__)

// `call` must fail with -1 and that errno.
#define expect_error(call, want)                                              \
  do {                                                                        \
    errno = 0;                                                                \
    const long result_ = (long)(call);                                        \
    expect_value(#call, result_, -1, __LINE__);                               \
    if (result_ == -1) expect_value("errno of " #call, errno, want, __LINE__); \
  } while (0)

static inline void expect_string_value(const char* what, const char* got, const char* want, int line) {
  if (strcmp(got, want) == 0) return;
  ++failed_checks;
  printf("line %d: %s is \"%s\", not \"%s\"\n", line, what, got, want);
}
#define expect_string(got, want) expect_string_value(#got, got, want, __LINE__)

static inline int finish(void) {
  if (failed_checks == 0) puts("all as expected");
  return failed_checks != 0;
}
