#include "acpi/acpi.hpp"
#include "arch/boot_info.hpp"
#include "ktest/ktest.hpp"
#include "lib/print.hpp"
#include "lib/string.hpp"

namespace ido {

namespace {

struct Row {
  const char* name;
  TestResult (*run)();
};
constexpr Row kRows[] = {
#define TEST(name) {#name, ktest_##name},
#include "ktest/tests.inc"
#undef TEST
};

}  // namespace

void run_kernel_tests() {
  StringView wanted;
  if (!command_line_value(boot_info.command_line, "ktest", wanted)) return;
  u32 run = 0, failed = 0;
  for (const Row& row : kRows) {
    if (!(wanted == "all") && !(wanted == row.name)) continue;
    ++run;
    const TestResult result = row.run();
    if (result.condition == nullptr) {
      print("ktest: %s: passed\n", row.name);
      continue;
    }
    ++failed;
    print("ktest: %s: FAILED at %s:%u: %s\n", row.name, result.file, result.line, result.condition);
  }
  print("ktest: %u tests, %u failed\n", run, failed);
  if (failed > 0 || run == 0) panic("kernel tests failed, or there is none of that name");
  acpi::power_off();
}

}  // namespace ido
