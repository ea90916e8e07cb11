// The fuzzer's entry: whatever the bytes are, opening them as a trace ends in one sentence or in a trace that plays to
// an end. The unit test feeds it from a fixed generator; libFuzzer can (clang++ -fsanitize=fuzzer,address, no Catch
// main).
#include <cstdlib>

#include "fake_machine.hpp"
#include "replay/player.hpp"

using namespace paemu;

namespace {

void require(bool held) {
  if (!held) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
  MemoryTrace file(std::vector<u8>(data, data + size), "bad.trace");
  auto reader = TraceReader::open(file);
  if (!reader) {
    require(reader.error().sentence.starts_with("bad.trace"));
    require(reader.error().sentence.find('\n') == std::string::npos);
    return 0;
  }
  if (reader->end().now > Ticks{100000}) return 0;  // a long way to run is no mistake
  if (!reader->images()) return 0;
  FakeMachine machine;
  auto player = Player::start(machine, *reader);
  if (!player) return 0;
  StopReason reason = StopReason::None;
  for (u32 slice = 0; reason == StopReason::None && slice < 1000; ++slice) reason = machine.run(**player, 1000);
  require(reason != StopReason::None);
  return 0;
}
