// Tests that run inside the kernel, at boot, by "ktest=all" or "ktest=NAME" on the command line: what neither a unit
// test on the host nor a guest program can see. Then the machine is switched off; with "panic=exit" a failure ends the
// emulator by the debug-exit port.
//
// To add one: a row in tests.inc, and a function `KTEST(name) { ... }` in the file of its subject.
#pragma once

#include "base/types.hpp"

namespace ido {
using namespace base;

// Where a check failed; nullptr: nowhere.
struct TestResult {
  const char* condition = nullptr;
  const char* file = nullptr;
  u32 line = 0;
};

#define KTEST(name) TestResult ktest_##name()
#define CHECK(...)                                                           \
  do {                                                                       \
    if (!(__VA_ARGS__)) return TestResult{#__VA_ARGS__, __FILE__, __LINE__}; \
  } while (0)
#define PASSED \
  TestResult {}

#define TEST(name) KTEST(name);
#include "ktest/tests.inc"
#undef TEST

// Runs what the command line asks for and switches the machine off; returns when it asks for nothing. In a task.
void run_kernel_tests();

}  // namespace ido
