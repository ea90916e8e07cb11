// The segments that cases run in: the two flat ones that every 32-bit program under 64-bit Linux has in the GDT, and
// a local descriptor table with one of each kind that modify_ldt gives. Both sides have the same.
#pragma once

#include <span>

#include "cpu/state.hpp"

namespace paemu::isa_test {

inline constexpr u16 kUserCode = 0x23, kUserData = 0x2b;

// The LDT's entries in order. `attributes` as in paemu::Segment; the limit is in bytes.
struct SegmentSpec {
  u32 base;
  u32 limit;
  u16 attributes;
};
std::span<const SegmentSpec> local_segments();

constexpr u16 local_selector(u32 entry) { return static_cast<u16>(entry << 3 | 7); }

// By purpose, as selectors: those that a case may start with, in CS, SS, and DS to GS.
std::span<const u16> code_selectors();
std::span<const u16> stack_selectors();
std::span<const u16> data_selectors();

// With its hidden part. Of null and of what is in neither table: nothing but the selector.
Segment segment_of(u16 selector);

}  // namespace paemu::isa_test
