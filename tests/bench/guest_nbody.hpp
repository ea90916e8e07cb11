// The n-body problem: five bodies, Newton's law, small steps. Much arithmetic, a division and a root for each pair.
#pragma once

#include "guest_rows.hpp"

namespace rows {

template <class Real>
class Bodies {
 public:
  // -> the first body's place after `steps`.
  Real run(u32 steps) {
    for (u32 n = 0; n < kCount; ++n) {
      const Real k = static_cast<Real>(n + 1);
      body_[n] = {k, k * k / 3, -k, 1 / k, k / 7, 0, k / 100};
    }
    for (u32 n = 0; n < steps; ++n) step(static_cast<Real>(0.001));
    return body_[0].x;
  }

 private:
  static constexpr u32 kCount = 5;
  struct Body {
    Real x, y, z, vx, vy, vz, mass;
  };

  static Real root(Real v) {
    if constexpr (sizeof(Real) > 8)
      asm("fsqrt" : "+t"(v));
    else
      v = __builtin_sqrt(v);
    return v;
  }

  void step(Real time) {
    for (u32 i = 0; i < kCount; ++i) {
      for (u32 j = i + 1; j < kCount; ++j) {
        Body &a = body_[i], &b = body_[j];
        const Real x = a.x - b.x, y = a.y - b.y, z = a.z - b.z;
        const Real squared = x * x + y * y + z * z + static_cast<Real>(0.01);
        const Real pull = time / (squared * root(squared));
        a.vx -= x * b.mass * pull, a.vy -= y * b.mass * pull, a.vz -= z * b.mass * pull;
        b.vx += x * a.mass * pull, b.vy += y * a.mass * pull, b.vz += z * a.mass * pull;
      }
    }
    for (Body& b : body_) b.x += time * b.vx, b.y += time * b.vy, b.z += time * b.vz;
  }

  Body body_[kCount];
};

}  // namespace rows
