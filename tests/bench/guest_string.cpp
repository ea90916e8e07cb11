// Row "strings". Each iteration of REP counts as an instruction.
#include "guest_rows.hpp"

namespace rows {
namespace {

constexpr u32 kSize = 16384;
u8 from[kSize], to[kSize];

void copy_dwords(void* d, const void* s, u32 n) { asm volatile("rep movsl" : "+D"(d), "+S"(s), "+c"(n) : : "memory"); }
void copy_bytes(void* d, const void* s, u32 n) { asm volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory"); }
void fill(void* d, u32 v, u32 n) { asm volatile("rep stosl" : "+D"(d), "+c"(n) : "a"(v) : "memory"); }

u32 length(const u8* s) {
  u32 left = ~0u;
  asm volatile("repne scasb" : "+D"(s), "+c"(left) : "a"(0) : "memory", "cc");
  return ~left - 1;
}
u32 equal(const void* a, const void* b, u32 n) {
  asm volatile("repe cmpsb" : "+S"(a), "+D"(b), "+c"(n) : : "memory", "cc");
  return n;
}
// LODS and STOS by hand, as a loop that does something to each byte.
void shift_case(u8* d, const u8* s, u32 n) {
  asm volatile("1: lodsb; xorb $0x20, %%al; stosb; decl %2; jnz 1b"
               : "+D"(d), "+S"(s), "+r"(n)
               :
               : "eax", "memory", "cc");
}

}  // namespace

u32 string_round() {
  u32 result = 0;
  fill(from, 0x61626364, kSize / 4);
  from[kSize - 1] = 0;
  for (u32 n = 0; n < 8; ++n) {
    copy_dwords(to, from, kSize / 4);
    copy_bytes(to, from, kSize);
    result += length(to) + equal(to, from, kSize);
    // Short ones, where starting costs: what compilers and C libraries make of small copies.
    for (u32 k = 1; k < 400; ++k) {
      copy_bytes(to + k, from + 2 * k, k % 32);
      copy_dwords(to + 3 * k, from + k, k % 16);
      fill(to + 5 * k, k, k % 8);
    }
    shift_case(to, from, kSize / 2);
  }
  return result;
}

}  // namespace rows
