// Row "SSE": scalar and packed, single and double.
#include <emmintrin.h>

#include "guest_nbody.hpp"

namespace rows {
namespace {

constexpr u32 kVector = 2048;
Bodies<double> bodies;
alignas(16) float singles[2][kVector];
alignas(16) double doubles[2][kVector];

// y += a * x, and the sum of all y.
float add_singles(float a) {
  const __m128 factor = _mm_set1_ps(a);
  __m128 sum = _mm_setzero_ps();
  for (u32 n = 0; n < kVector; n += 4) {
    const __m128 y = _mm_add_ps(_mm_load_ps(&singles[1][n]), _mm_mul_ps(factor, _mm_load_ps(&singles[0][n])));
    _mm_store_ps(&singles[1][n], y);
    sum = _mm_add_ps(sum, y);
  }
  return _mm_cvtss_f32(sum);
}

double add_doubles(double a) {
  const __m128d factor = _mm_set1_pd(a);
  __m128d sum = _mm_setzero_pd();
  for (u32 n = 0; n < kVector; n += 2) {
    const __m128d y = _mm_add_pd(_mm_load_pd(&doubles[1][n]), _mm_mul_pd(factor, _mm_load_pd(&doubles[0][n])));
    _mm_store_pd(&doubles[1][n], y);
    sum = _mm_add_pd(sum, y);
  }
  return _mm_cvtsd_f64(sum);
}

}  // namespace

u32 sse_round() {
  for (u32 n = 0; n < kVector; ++n) {
    singles[0][n] = static_cast<float>(n);
    doubles[0][n] = n;
    singles[1][n] = 0;
    doubles[1][n] = 0;
  }
  double sum = bodies.run(800);
  for (u32 n = 1; n <= 40; ++n)
    sum += static_cast<double>(add_singles(1 / static_cast<float>(n))) + add_doubles(1.0 / n);
  return static_cast<u32>(static_cast<int>(sum / 1000));
}

}  // namespace rows
