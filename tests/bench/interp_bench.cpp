// How fast the interpreter runs compiled integer code, in million guest instructions a second of the host.
//
// usage: interp-bench GUEST [MILLION_INSTRUCTIONS]
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>

#include "flat_machine.hpp"

int main(int count, char** arguments) {
  using namespace paemu;
  if (count < 2) {
    std::fprintf(stderr, "interp-bench: name the guest's flat binary\n");
    return 2;
  }
  std::ifstream file(arguments[1], std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.empty()) {
    std::fprintf(stderr, "interp-bench: \"%s\" can't be read\n", arguments[1]);
    return 2;
  }
  const u64 total = (count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 1000) * 1'000'000;
  testing::FlatMachine machine;
  machine.load(testing::FlatMachine::kCode, {reinterpret_cast<const u8*>(bytes.data()), bytes.size()});
  machine.interpreter.run(20'000'000);
  // Processor time: other load on the host does not count.
  const std::clock_t start = std::clock();
  // Slices as the machine makes them: up to the next timer interrupt.
  for (const u64 end = machine.clock.retired + total; machine.clock.retired < end;) machine.interpreter.run(1'000'000);
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  std::printf("%.1f million guest instructions a second\n", static_cast<double>(total) / 1e6 / seconds);
  return machine.dword(0x90000) != 0 ? 0 : 1;
}
