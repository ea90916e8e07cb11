// Code that changes all the time, as that of a compiler at run time: functions that are made, called a few times and
// overwritten by others. paemu's translator can keep but few of them in so small a cache.
//
// paemu: -engine jit -jit-cache 1M
#include "frame.hpp"

using namespace bare;

namespace {

constexpr u32 kPool = 0x200000, kPages = 64, kSum = 0x180000, kGenerations = 60, kCalls = 10;

u32 next_random(u32& seed) { return seed = seed * 1664525 + 1013904223; }

// ADD or XOR dword [kSum], imm32, some of each; RET. -> what it does to `sum`
struct Function {
  u32 seed, count;

  void write(u32 to) const {
    u32 random = seed;
    for (u32 n = 0; n < count; ++n) {
      const u32 constant = next_random(random);
      at<u8>(to) = 0x81;
      at<u8>(to + 1) = constant >> 31 ? 0x05 : 0x35;
      at<u32>(to + 2) = kSum;
      at<u32>(to + 6) = constant;
      to += 10;
    }
    at<u8>(to) = 0xc3;
  }
  u32 apply(u32 sum) const {
    u32 random = seed;
    for (u32 n = 0; n < count; ++n) {
      const u32 constant = next_random(random);
      sum = constant >> 31 ? sum + constant : sum ^ constant;
    }
    return sum;
  }
};

}  // namespace

void guest_main() {
  u32 expected = 0;
  at<u32>(kSum) = 0;
  for (u32 generation = 0; generation < kGenerations; ++generation) {
    for (u32 page = 0; page < kPages; ++page) {
      const Function f{generation * 1000 + page, 20 + page};
      const u32 place = kPool + page * 0x1000 + (generation & 7) * 16;
      f.write(place);
      for (u32 call = 0; call < kCalls; ++call) {
        reinterpret_cast<void (*)()>(place)();
        expected = f.apply(expected);
      }
    }
    if (generation % 20 == 19) expect(Text("after generation ") << generation, Text("") << at<u32>(kSum), Text("") << expected);
  }
}
