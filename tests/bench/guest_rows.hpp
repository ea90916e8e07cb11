// The rows of the speed benchmark: kinds of guest code. A round of each is about a million instructions.
#pragma once

namespace rows {

using u32 = unsigned;
using u16 = unsigned short;
using u8 = unsigned char;

// Sorting, hashing, string scanning, a call tree, a sieve, as a compiler makes them.
u32 integer_round();
// The n-body problem in double and in long double, on the x87.
u32 x87_round();
// The same in scalar SSE2, and vectors in packed single and double.
u32 sse_round();
// REP MOVS, STOS, SCAS and CMPS of many lengths, and the single forms.
u32 string_round();
// A program in ring 3 and its kernel, which have address spaces of their own: INT and SYSENTER in turn.
u32 call_round();

}  // namespace rows
