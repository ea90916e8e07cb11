// PE beside an unmasked overflow or underflow of SSE arithmetic. It then tells whether the result is inexact when its
// exponent may be anything (SDM 1, 11.5.2.4 to 11.5.2.6 and 4.9.1.4, 4.9.1.5), not whether the number that the masked
// response delivers is, which is all that the host says, since it runs with exceptions masked.
#pragma once

#include "cpu/simd.hpp"

namespace paemu::simd {

enum class Operation : u8 { kNone, kAdd, kSubtract, kMultiply, kDivide, kNarrow };

// What an instruction computes: from which elements, and whether they are double (or in pairs: of which kind it is).
struct Arithmetic {
  Operation operation = Operation::kNone;  // kNone: it raises neither overflow nor underflow
  bool doubles = false;                    // the operands
  u8 results = 0;                          // how many
  // kAcross: target with source; kWithin: neighbours of each; kAlternate: as kAcross, the even elements subtracted
  enum class Pairs : u8 { kAcross, kWithin, kAlternate } pairs = Pairs::kAcross;
};

// Is there a denormal result? With underflow unmasked it is raised even when the result is exact (SDM 1, 4.9.1.5).
bool has_tiny(const Arithmetic& arithmetic, const Xmm& results);

// Is PE to be set, by the rule above? `word` is the guest's MXCSR. The x87 state must not be lent.
bool inexact(const Arithmetic& arithmetic, const Xmm& target, const Xmm& source, u32 word);

}  // namespace paemu::simd
