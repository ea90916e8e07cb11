// Trace files are hostile input: whatever stands in one, the reader says one sentence or reads it, and never more.
#include <xxhash.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "fake_machine.hpp"
#include "replay/arrival.hpp"
#include "replay/player.hpp"
#include "replay/recorder.hpp"

using namespace paemu;

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size);  // trace_fuzz.cpp

namespace {

std::vector<u8> small_trace() {
  MemoryTrace file;
  FakeMachine machine;
  ScriptedInput live;
  machine.run(live, 3000);
  auto recorder = Recorder::start(machine, live, file);
  REQUIRE(recorder.ok());
  machine.run(**recorder, 5000);
  REQUIRE((*recorder)->finish(StopReason::Paused).ok());
  return file.bytes();
}

u32 random(u32& seed) { return seed = seed * 1664525 + 1013904223; }

// Makes all checksums of the file right again, so that what they guard is reached.
void mend(std::vector<u8>& bytes) {
  const auto put = [&](usize at, u64 v) { std::memcpy(bytes.data() + at, &v, 8); };
  if (bytes.size() < 24) return;
  put(16, XXH3_64bits(bytes.data(), 16));
  for (usize at = 24; bytes.size() - at >= 32;) {
    u32 stored;
    std::memcpy(&stored, bytes.data() + at + 8, 4);
    if (stored > bytes.size() - at - 32) return;
    put(at + 16, XXH3_64bits(bytes.data() + at + 32, stored));
    put(at + 24, XXH3_64bits(bytes.data() + at, 24));
    at += 32 + stored;
    if (at > bytes.size()) return;
  }
}

}  // namespace

TEST_CASE("a flipped bit anywhere in a trace is noticed") {
  const std::vector<u8> good = small_trace();
  u32 seed = 1;
  const auto flip = [&](usize at, u32 bit) {
    std::vector<u8> bad = good;
    bad[at] ^= static_cast<u8>(1u << bit);
    MemoryTrace file(bad, "bad.trace");
    auto reader = TraceReader::open(file);
    INFO("byte " << at << " bit " << bit);
    REQUIRE_FALSE(reader.ok());
    CHECK(reader.error().sentence.find("bad.trace") == 0);
  };
  for (usize at = 0; at < std::min<usize>(good.size(), 200); ++at) flip(at, random(seed) >> 29);
  for (u32 i = 0; i < 1000; ++i) flip(random(seed) % good.size(), random(seed) >> 29);
}

TEST_CASE("a missing chunk is noticed") {
  const std::vector<u8> good = small_trace();
  MemoryTrace whole(good);
  auto reader = TraceReader::open(whole);
  REQUIRE(reader.ok());
  const auto& gone = reader->chunks()[reader->chunks().size() - 3];
  const auto& next = reader->chunks()[reader->chunks().size() - 2];
  std::vector<u8> bad(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(gone.offset));
  bad.insert(bad.end(), good.begin() + static_cast<std::ptrdiff_t>(next.offset), good.end());
  MemoryTrace file(bad, "bad.trace");
  CHECK(TraceReader::open(file).error().sentence.find("is missing") != std::string::npos);
}

TEST_CASE("garbage behind right checksums does no harm") {
  const std::vector<u8> good = small_trace();
  u32 seed = 7;
  for (u32 i = 0; i < 600; ++i) {
    std::vector<u8> bad = good;
    const u32 count = 1 + random(seed) % 4;
    for (u32 k = 0; k < count; ++k) bad[random(seed) % bad.size()] = static_cast<u8>(random(seed) >> 24);
    if (random(seed) % 4 == 0) bad.resize(random(seed) % bad.size());
    mend(bad);
    LLVMFuzzerTestOneInput(bad.data(), bad.size());
  }
}

TEST_CASE("payloads of random bytes are decoded or refused") {
  u32 seed = 3;
  for (u32 i = 0; i < 20000; ++i) {
    std::vector<u8> bytes(random(seed) % 64);
    for (u8& b : bytes) b = static_cast<u8>(random(seed) >> 24);
    (void)decode_config(bytes).ok();
    (void)decode_start(bytes).ok();
    (void)decode_checkpoint(bytes).ok();
    (void)decode_end(bytes).ok();
    const auto arrivals = decode_arrivals(bytes);
    if (arrivals) {
      for (const Arrival& a : *arrivals) CHECK(arrival::well_formed(a));
    }
  }
}
