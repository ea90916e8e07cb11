// A snapshot in a trace may be a stranger's: whatever fields a machine is given, it refuses them or runs on unharmed.
#include "test_machine.hpp"

using namespace paemu;

namespace {

u32 random(u32& seed) { return (seed = seed * 1664525 + 1013904223) >> 8; }

}  // namespace

TEST_CASE("a machine with garbage in its fields comes to no harm") {
  TestMachine source;
  TimedInput input;
  input.at(1'000,
           arrival::dimm_insert(DimmSpec{.id = "dimm1", .slot = ~0u, .base = GuestPhys{~u64{0}}, .size = 128 * kMiB}));
  input.type(100'000, 'x');
  source.run_to(input, 300'000);
  const std::vector<u8> good = source.machine->save_state();
  u32 seed = 11;
  u32 loaded = 0;
  TestMachine target;
  for (u32 i = 0; i < 400; ++i) {
    std::vector<u8> bad = good;
    const u32 count = 1 + random(seed) % 6;
    for (u32 k = 0; k < count; ++k) {
      const u8 values[] = {0, 1, 0xff, 0x80, static_cast<u8>(random(seed))};
      bad[random(seed) % bad.size()] = values[random(seed) % 5];
    }
    if (!target.machine->load_state(bad)) continue;
    ++loaded;
    source.machine->visit_pages(
        [&](Pfn frame, std::span<const u8> page) { (void)target.machine->load_page(frame, page).ok(); });
    TimedInput quiet;
    quiet.type(0, 'y');
    const u64 now = target.machine->position().now.value;
    target.run_to(quiet, now + 20'000);
  }
  CHECK(loaded > 50);
}

TEST_CASE("a machine of any configuration is made or refused in one sentence") {
  const u64 sizes[] = {0, 1, 4 * kMiB, 128 * kMiB, 3 * kGiB, 3 * kGiB + kMiB, 64 * kGiB, u64{1} << 40, ~u64{0}};
  const u32 counts[] = {0, 1, 8, 32, 36, 40, 41, 256, 257, ~0u};
  const auto size = [&](u32& seed) { return sizes[random(seed) % std::size(sizes)]; };
  const auto count = [&](u32& seed) { return counts[random(seed) % std::size(counts)]; };
  Images images;
  images.firmware.assign(65536, 0xf4);
  u32 seed = 5;
  u32 made = 0;
  for (u32 i = 0; i < 3000; ++i) {
    MachineConfig config;
    config.ram_size = size(seed);
    config.maxmem = size(seed);
    config.slots = count(seed);
    if (random(seed) % 2 == 0) config.physical_bits = count(seed);
    config.numa_nodes = count(seed);
    config.dimms.resize(random(seed) % 3);
    for (DimmSpec& d : config.dimms) {
      d = DimmSpec{.id = random(seed) % 2 == 0 ? "dimm1" : "",
                   .slot = count(seed),
                   .base = GuestPhys{size(seed)},
                   .size = size(seed),
                   .node = count(seed)};
    }
    CollectedSerial serial;
    CollectedLog log;
    const auto machine = Machine::create(config, images, serial, log);
    if (machine)
      ++made;
    else
      CHECK(machine.error().sentence.find('\n') == std::string::npos);
  }
  CHECK(made > 10);
}
