#include "time/frequency.hpp"

#include <catch2/catch.hpp>

using namespace paemu;

TEST_CASE("cycles and ticks agree at every edge") {
  for (const u64 hz : {u64{1}, u64{32768}, u64{1193182}, u64{3579545}, u64{999'999'999}}) {
    for (const u64 cycle : {u64{0}, u64{1}, u64{2}, hz - 1, hz, hz + 1, hz * 1000 + 7, hz * 100'000 + 1}) {
      const Ticks edge = first_tick_of(cycle, hz);
      CHECK(cycles_at(edge, hz) == cycle);
      if (edge.value > 0) CHECK(cycles_at(edge - 1, hz) == cycle - 1);
    }
  }
}

TEST_CASE("centuries of ticks do not overflow") {
  const Ticks far{~u64{0} - 5};
  const auto exact = static_cast<u64>(static_cast<unsigned __int128>(far.value) * 3579545 / kTicksPerSecond);
  CHECK(cycles_at(far, 3579545) == exact);
}
