// Code that changes for ever, as that of a compiler at run time: functions are made, called until they are worth
// translating, and overwritten by others, in 4 MiB of memory. Says how often it has been through all of it, and ends at
// the first wrong result. tests/guest/churn_test.py watches how much memory that takes paemu.
#include "frame.hpp"

using namespace bare;

namespace {

constexpr u32 kPool = 0x200000, kPages = 1024, kSum = 0x180000, kCalls = 8;

u32 next_random(u32& seed) { return seed = seed * 1664525 + 1013904223; }

// ADD or XOR dword [kSum], imm32, some of each; RET. -> what it does to `sum`
u32 write_function(u32 to, u32 seed, u32 count, u32 sum_before) {
  u32 sum = sum_before;
  for (u32 n = 0; n < count; ++n) {
    const u32 constant = next_random(seed);
    at<u16>(to) = constant >> 31 ? 0x0581 : 0x3581;
    at<u32>(to + 2) = kSum;
    at<u32>(to + 6) = constant;
    sum = constant >> 31 ? sum + constant : sum ^ constant;
    to += 10;
  }
  at<u8>(to) = 0xc3;
  return sum;
}

}  // namespace

void guest_main() {
  u32 seed = 1;
  for (u32 round = 1;; ++round) {
    for (u32 page = 0; page < kPages; ++page) {
      const u32 place = kPool + page * 0x1000 + (next_random(seed) >> 24) * 16;
      at<u32>(kSum) = 0;
      const u32 first = write_function(place, next_random(seed), 8 + page % 56, 0);
      const auto function = reinterpret_cast<void (*)()>(place);
      for (u32 call = 0; call < kCalls; ++call) {
        at<u32>(kSum) = 0;
        function();
        if (at<u32>(kSum) == first) continue;
        expect(Text("round ") << round << ", page " << page << ", call " << call, Text() << at<u32>(kSum), Text() << first);
        return;
      }
    }
    say(Text("round ") << round);
  }
}
