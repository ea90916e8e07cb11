// Figures of a whole machine: what starting costs, what a checkpoint costs, and how much memory the emulator needs of
// its own. Run by hand:   machine-bench FIRMWARE [KERNEL INITRD [COMMAND-LINE]]
//
// Prints one line a figure. With a kernel it boots it for some virtual seconds first; without, it runs the firmware.
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "base/size_text.hpp"
#include "board/machine.hpp"
#include "replay/arrival.hpp"
#include "replay/checkpoint.hpp"

using namespace paemu;

namespace {

struct Nowhere final : SerialSink, Log {
  void transmit(u32, std::span<const u8>) override {}
  void line(std::string_view) override {}
  void once(std::string_view, std::string_view) override {}
};

// Nothing arrives but the RTC's start.
struct Quiet final : InputSource {
  bool started = false;
  Ticks next_poll(Position now) override { return now.now + 10'000'000; }
  std::optional<Arrival> poll(Position now) override {
    if (std::exchange(started, true)) return {};
    Arrival a = arrival::rtc_start(0);
    a.at = now;
    return a;
  }
  Ticks idle(Position, Ticks deadline, Wake) override { return deadline; }
};

std::vector<u8> slurp(const char* path) {
  std::ifstream f(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(f), {}};
}

u64 resident_bytes() {
  std::ifstream f("/proc/self/statm");
  u64 total = 0, resident = 0;
  f >> total >> resident;
  return resident * static_cast<u64>(sysconf(_SC_PAGESIZE));
}

// The processor time of this process: other load on the host does not count.
struct Stopwatch {
  double begin = now();
  static double now() {
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
  }
  double milliseconds() const { return now() - begin; }
};

// own: what the process had before any machine and its images.
void measure(u64 ram_size, const Images& images, const std::string& append, u64 own) {
  constexpr u64 kRun = 2 * kTicksPerSecond;
  MachineConfig config;
  config.ram_size = ram_size;
  config.maxmem = 2 * ram_size;
  config.physical_bits = 38;
  config.append = append;
  const std::string name = base::size_text(ram_size);

  Nowhere nowhere;
  Quiet quiet;
  const Stopwatch create;
  auto made = Machine::create(config, images, nowhere, nowhere);
  if (!made) {
    std::fprintf(stderr, "machine-bench: %s\n", made.error().sentence.c_str());
    return;
  }
  Machine& machine = **made;
  std::printf("%s: start %.1f ms\n", name.c_str(), create.milliseconds());

  const Stopwatch run;
  machine.run(quiet, kRun);
  const double ran = run.milliseconds();
  std::printf("%s: %.1f million instructions in %.0f ms\n", name.c_str(),
              static_cast<double>(machine.position().retired) / 1e6, ran);

  u64 pages = 0;
  machine.visit_pages([&](Pfn, std::span<const u8>) { ++pages; });
  const u64 guest = pages * kPageSize;
  const u64 resident = resident_bytes();
  std::printf("%s: resident %.1f MiB, of it %.1f MiB guest pages and %.1f MiB the program itself\n", name.c_str(),
              static_cast<double>(resident) / kMiB, static_cast<double>(guest) / kMiB, static_cast<double>(own) / kMiB);

  const Stopwatch first;
  const usize written = machine.checkpoint().written.size();
  std::printf("%s: first checkpoint, %zu pages: %.2f ms\n", name.c_str(), written, first.milliseconds());
  const Stopwatch second;
  machine.checkpoint();
  std::printf("%s: checkpoint with nothing written: %.3f ms\n", name.c_str(), second.milliseconds());
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: machine-bench FIRMWARE [KERNEL INITRD [COMMAND-LINE]]\n");
    return 2;
  }
  const u64 own = resident_bytes();
  Images images;
  images.firmware = slurp(arguments[1]);
  if (count > 2) images.kernel = slurp(arguments[2]);
  if (count > 3) images.initrd = slurp(arguments[3]);
  for (const u64 size : {kGiB, 64 * kGiB}) measure(size, images, count > 4 ? arguments[4] : "", own);
  return 0;
}
