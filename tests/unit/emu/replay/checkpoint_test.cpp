#include "replay/checkpoint.hpp"

#include <catch2/catch.hpp>

using namespace paemu;

namespace {

Checkpoint sample() {
  Checkpoint c;
  c.at = Position{1000, Ticks{1500}};
  c.hash = 0xabc;
  c.registers.cpu.gpr[0] = 1;
  c.parts = {{"cpu", 1}, {"pic", 2}};
  c.written = {{1, 10}, {5, 50}};
  return c;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("two checkpoints with the same hash at the same position do not differ") {
  CHECK(difference(sample(), sample()).empty());
}

TEST_CASE("a report names positions, registers, parts and pages that differ, and only those") {
  Checkpoint other = sample();
  other.hash = 0xdef;
  other.registers.cpu.gpr[0] = 2;
  other.registers.cpu.segment[1].base = 0x100;
  other.parts[1].hash = 3;
  other.written = {{1, 10}, {4, 40}, {5, 51}};
  const std::string report = difference(sample(), other);
  CHECK(has(report, "recorded: 1000 instructions retired at 1500 ns, state hash 0000000000000abc"));
  CHECK(has(report, "register EAX: recorded 0x1, replayed 0x2"));
  CHECK(has(report, "register segment.1.base: recorded 0x0, replayed 0x100"));
  CHECK_FALSE(has(report, "ECX"));
  CHECK(has(report, "state of: pic\n"));
  CHECK(has(report, "page 0x4000: written in the replay only"));
  CHECK(has(report, "page 0x5000: hash recorded 00000032, replayed 00000033"));
  CHECK_FALSE(has(report, "page 0x1000"));
}

TEST_CASE("a report names the first pages and counts the rest") {
  Checkpoint other = sample();
  other.hash = 1;
  for (u32 i = 10; i < 110; ++i) other.written.push_back({i, 1});
  CHECK(has(difference(sample(), other), "and 92 pages more"));
}
