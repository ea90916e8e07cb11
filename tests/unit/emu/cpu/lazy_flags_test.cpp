#include "cpu/lazy_flags.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace paemu;

namespace {

constexpr u32 kFlags[] = {eflag::kCarry, eflag::kParity, eflag::kAdjust, eflag::kZero, eflag::kSign, eflag::kOverflow};

// The flags of a + b + carry at width T, by the definitions in SDM 1, 3.4.3.1.
template <class T>
u32 flags_of_sum(T a, T b, u32 carry) {
  using S = std::make_signed_t<T>;
  const u64 wide = u64{a} + b + carry;
  const T r = static_cast<T>(wide);
  const i64 exact = i64{static_cast<S>(a)} + static_cast<S>(b) + carry;
  return (wide >> (sizeof(T) * 8) ? eflag::kCarry : 0) | (exact != static_cast<S>(r) ? eflag::kOverflow : 0) |
         ((a & 0xf) + (b & 0xf) + carry > 0xf ? eflag::kAdjust : 0) | (r == 0 ? eflag::kZero : 0) |
         (static_cast<S>(r) < 0 ? eflag::kSign : 0) | (__builtin_popcount(r & 0xff) % 2 == 0 ? eflag::kParity : 0);
}

template <class T>
void check_sums() {
  const std::vector<u32> values = {0,      1,      0xf,    0x10,       0x7f,       0x80, 0xff,
                                   0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, ~0u};
  for (const u32 x : values) {
    for (const u32 y : values) {
      for (u32 carry = 0; carry < 2; ++carry) {
        const T a = static_cast<T>(x), b = static_cast<T>(y);
        LazyFlags f;
        f.set_arithmetic<T>(a, b, u64{a} + b + carry);
        CAPTURE(x, y, carry);
        CHECK(f.get() == flags_of_sum<T>(a, b, carry));
      }
    }
  }
}

}  // namespace

TEST_CASE("every combination of arithmetic flags can be written and read back") {
  for (u32 set = 0; set < 64; ++set) {
    u32 flags = 0;
    for (u32 n = 0; n < 6; ++n) flags |= (set >> n & 1) ? kFlags[n] : 0;
    LazyFlags f;
    f.set(flags);
    CHECK(f.get() == flags);
  }
}

TEST_CASE("flags of sums follow the manual at each width") {
  check_sums<u8>();
  check_sums<u16>();
  check_sums<u32>();
}

TEST_CASE("INC and DEC keep the carry flag and set the others") {
  for (const bool carry : {false, true}) {
    LazyFlags f;
    f.set(carry ? eflag::kCarry : 0);
    f.set_step<u8>(0x7f, 1, u64{0x7f} + 1);
    CHECK(f.get() == (eflag::kOverflow | eflag::kSign | eflag::kAdjust | (carry ? eflag::kCarry : 0)));
    f.set_step<u8>(0, 1, u64{0} - 1);
    CHECK(f.get() == (eflag::kSign | eflag::kAdjust | eflag::kParity | (carry ? eflag::kCarry : 0)));
  }
}

TEST_CASE("conditions come in pairs of which one holds") {
  for (u32 set = 0; set < 64; ++set) {
    u32 flags = 0;
    for (u32 n = 0; n < 6; ++n) flags |= (set >> n & 1) ? kFlags[n] : 0;
    LazyFlags f;
    f.set(flags);
    const bool c = flags & eflag::kCarry, z = flags & eflag::kZero, s = flags & eflag::kSign,
               o = flags & eflag::kOverflow;
    CHECK(condition<2>(f) == c);
    CHECK(condition<6>(f) == (c || z));
    CHECK(condition<12>(f) == (s != o));
    CHECK(condition<14>(f) == (z || s != o));
    CHECK(condition<0>(f) != condition<1>(f));
    CHECK(condition<4>(f) != condition<5>(f));
    CHECK(condition<8>(f) != condition<9>(f));
    CHECK(condition<10>(f) != condition<11>(f));
    CHECK(condition<12>(f) != condition<13>(f));
    CHECK(condition<14>(f) != condition<15>(f));
  }
}
