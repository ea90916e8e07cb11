#include "cpu/simd_precision.hpp"

#include "cpu/simd_float.hpp"

namespace paemu::simd {

namespace {

constexpr u32 kDenormalsAreZero = 1u << 6;

// One computation, its operands in the lowest elements.
struct Lane {
  Operation operation;
  bool doubles;
  Xmm a{}, b{};
};

u32 lane_size(const Lane& lane) { return lane.doubles ? 8 : 4; }

// Runs it alone -> MXCSR after it; the result is in lane.a.
u32 run(Lane& lane, u32 word) {
  constexpr HostFloat kSingle[] = {HOST_FLOAT("addss"), HOST_FLOAT("subss"), HOST_FLOAT("mulss"), HOST_FLOAT("divss")};
  constexpr HostFloat kDouble[] = {HOST_FLOAT("addsd"), HOST_FLOAT("subsd"), HOST_FLOAT("mulsd"), HOST_FLOAT("divsd")};
  asm volatile("ldmxcsr %0" : : "m"(word));
  if (lane.operation == Operation::kNarrow)
    HOST_FLOAT("cvtsd2ss")(lane.a, lane.b);
  else
    (lane.doubles ? kDouble : kSingle)[static_cast<u32>(lane.operation) - 1](lane.a, lane.b);
  asm volatile("stmxcsr %0\nldmxcsr %1" : "=m"(word) : "m"(kHostMxcsr));
  return word;
}

bool tiny(const u8* number, bool is_double) {
  u64 bits = 0;
  std::memcpy(&bits, number, is_double ? 8 : 4);
  const u32 fraction = is_double ? 52 : 23, exponent = is_double ? 0x7ff : 0xff;
  return (bits >> fraction & exponent) == 0 && (bits & ((u64{1} << fraction) - 1)) != 0;
}

// As a number of the x87 unit, whose range has no end for our purposes and whose significand is longer.
long double extended(const Xmm& v, bool is_double, u32 word) {
  u8 bytes[16];
  std::memcpy(bytes, &v, 16);
  if ((word & kDenormalsAreZero) && tiny(bytes, is_double)) return 0;
  if (is_double) {
    double d;
    std::memcpy(&d, bytes, 8);
    return d;
  }
  float f;
  std::memcpy(&f, bytes, 4);
  return f;
}

// Would it be inexact, were its exponent unbounded?
bool inexact_unbounded(const Lane& lane, u32 word) {
  const long double a = extended(lane.a, lane.doubles, word), b = extended(lane.b, lane.doubles, word);
  long double result = 0;
  asm volatile("fnclex");
  switch (lane.operation) {
    case Operation::kAdd: asm volatile("faddp" : "=t"(result) : "0"(a), "u"(b) : "st(1)"); break;
    case Operation::kSubtract: result = a - b; break;
    case Operation::kMultiply: asm volatile("fmulp" : "=t"(result) : "0"(a), "u"(b) : "st(1)"); break;
    case Operation::kDivide: result = a / b; break;
    default: result = b; break;
  }
  u16 status;
  asm volatile("fnstsw %0" : "=a"(status) : "t"(result));
  if (status & mxcsr::kPrecision) return true;
  u64 significand;
  u16 exponent;
  std::memcpy(&significand, &result, 8);
  std::memcpy(&exponent, reinterpret_cast<const u8*>(&result) + 8, 2);
  if ((exponent & 0x7fff) == 0x7fff) return false;
  const u32 kept = lane.doubles && lane.operation != Operation::kNarrow ? 53 : 24;
  return (significand & (~u64{0} >> kept)) != 0;
}

bool lane_inexact(const Lane& lane, u32 word) {
  const u32 unmasked = ~(word >> mxcsr::kMaskShift) & mxcsr::kExceptions;
  Lane alone = lane;
  const u32 masked_word = (word & ~mxcsr::kExceptions) | mxcsr::kMasks;
  const u32 raised = run(alone, unmasked & mxcsr::kUnderflow ? masked_word & ~mxcsr::kFlushToZero : masked_word);
  const bool overflows = raised & unmasked & mxcsr::kOverflow;
  u8 result[16];
  std::memcpy(result, &alone.a, 16);
  const bool narrow = lane.operation == Operation::kNarrow;
  // A tiny result may have become zero, or the smallest normal number by rounding up: UE tells of the former.
  const bool underflows =
      (unmasked & mxcsr::kUnderflow) && ((raised & mxcsr::kUnderflow) || tiny(result, lane.doubles && !narrow));
  return overflows || underflows ? inexact_unbounded(lane, word) : (raised & mxcsr::kPrecision) != 0;
}

Xmm element(const Xmm& v, u32 n, u32 size) {
  u8 bytes[16];
  std::memcpy(bytes, &v, 16);
  Xmm one{};
  std::memcpy(&one, bytes + n * size, size);
  return one;
}

}  // namespace

bool has_tiny(const Arithmetic& arithmetic, const Xmm& results) {
  if (arithmetic.operation == Operation::kNone) return false;
  const bool doubles = arithmetic.doubles && arithmetic.operation != Operation::kNarrow;
  u8 bytes[16];
  std::memcpy(bytes, &results, 16);
  for (u32 n = 0; n < arithmetic.results; ++n) {
    if (tiny(bytes + n * (doubles ? 8 : 4), doubles)) return true;
  }
  return false;
}

bool inexact(const Arithmetic& arithmetic, const Xmm& target, const Xmm& source, u32 word) {
  using Pairs = Arithmetic::Pairs;
  for (u32 n = 0; n < arithmetic.results; ++n) {
    Lane lane{arithmetic.operation, arithmetic.doubles};
    const u32 size = lane_size(lane);
    if (arithmetic.pairs == Pairs::kWithin) {
      const u32 half = arithmetic.results / 2u;
      const Xmm& from = n < half ? target : source;
      const u32 first = n % half * 2;
      lane.a = element(from, first, size);
      lane.b = element(from, first + 1, size);
    } else {
      lane.a = element(target, n, size);
      lane.b = element(source, n, size);
      if (arithmetic.pairs == Pairs::kAlternate && n % 2 == 0) lane.operation = Operation::kSubtract;
    }
    if (lane_inexact(lane, word)) return true;
  }
  return false;
}

}  // namespace paemu::simd
