// Picture: what a screen shows at one moment. Output only: nothing of it comes back to the guest.
#pragma once

#include <vector>

#include "base/types.hpp"

namespace paemu {
using namespace base;

struct Picture {
  u32 width = 0;
  u32 height = 0;
  std::vector<u32> pixels;  // row by row from the top left, 0x00RRGGBB
  u64 key = 0;  // a hash of all that it was made from: who makes it again leaves it as it is when the key is the same

  void resize(u32 w, u32 h) {
    width = w;
    height = h;
    pixels.assign(usize{w} * h, 0);
  }
  u32* row(u32 y) { return pixels.data() + usize{y} * width; }
  const u32* row(u32 y) const { return pixels.data() + usize{y} * width; }
};

}  // namespace paemu
