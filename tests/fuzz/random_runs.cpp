// Runs a fuzzer's inputs without libFuzzer and clang: random bytes with random instructions in them, the same every
// time. For tests that any compiler can build.
//
// usage: NAME [RUNS [SEED]]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "base/types.hpp"

using namespace base;

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size);
extern "C" size_t LLVMFuzzerCustomMutator(u8* data, size_t size, size_t max_size, unsigned seed);

// What the mutator falls back on: a few other bytes.
extern "C" size_t LLVMFuzzerMutate(u8* data, size_t size, size_t max_size) {
  static std::mt19937 random;
  size = std::clamp<size_t>(size + random() % 16, 1, max_size);
  for (u32 n = 0; n < 8; ++n) data[random() % size] = static_cast<u8>(random());
  return size;
}

int main(int count, char** words) {
  constexpr usize kLargest = 512;
  constexpr u32 kMutations = 16;
  const u32 runs = count > 1 ? static_cast<u32>(std::strtoul(words[1], nullptr, 0)) : 300;
  std::mt19937 random(count > 2 ? static_cast<u32>(std::strtoul(words[2], nullptr, 0)) : 1);
  std::vector<u8> input(kLargest);
  for (u32 n = 0; n < runs; ++n) {
    usize size = 192 + random() % 64;
    std::ranges::generate(input, [&] { return static_cast<u8>(random()); });
    for (u32 m = 0; m < kMutations; ++m) size = LLVMFuzzerCustomMutator(input.data(), size, kLargest, random());
    LLVMFuzzerTestOneInput(input.data(), size);
  }
  std::printf("%u inputs\n", runs);
  return 0;
}
