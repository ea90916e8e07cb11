// Scene: what a machine starts from in one run of the fuzzer: the processor in some mode with tables to match, random
// code, and what arrives while it runs. Made from the fuzzer's bytes alone.
//
// The first kHeader bytes choose everything but the code; the rest is the code, as it lies in memory.
#pragma once

#include <string>
#include <vector>

#include "cpu/state.hpp"
#include "fuzz_input.hpp"
#include "replay/arrival.hpp"

namespace paemu::fuzz {

inline constexpr usize kHeader = 192;

// Where things are in physical memory; paging maps it to itself, and to an alias 4 MiB up.
namespace place {
inline constexpr u32 kGdt = 0x1000, kIdt = 0x1800, kLdt = 0x2000, kTss = 0x3000, kOtherTss = 0x5800, kTss16 = 0x5900,
                     kStacks = 0x6000, kCode = 0x10000, kHandlers = 0x14000, kDirectory = 0x20000, kPdpt = 0x28000,
                     kData = 0x40000, kEnd = 0x50000;
}

struct TimedArrival {
  u64 tick;  // after the start
  Arrival arrival;
};

struct Scene {
  std::string model;  // of processor
  CpuState cpu;
  std::vector<u8> memory;  // physical [0, place::kEnd)
  std::vector<TimedArrival> arrivals;
  // Bytes of the machine's saved state to alter: position (modulo its size) and value.
  struct Poke {
    u32 position;
    u8 value;
  };
  std::vector<Poke> pokes;
  u32 slice;  // of the second run: instructions between two stops, 1 or more
};

Scene make_scene(std::span<const u8> bytes);

}  // namespace paemu::fuzz
