// Values worth trying: numbers of all kinds, mostly those on an edge, and addresses.
#pragma once

#include <iterator>

#include "processor_state.hpp"

namespace paemu::isa_test {

// Numbers by splitmix64: the same on every host.
class Dice {
 public:
  explicit Dice(u64 seed) : state_(seed) {}
  u64 next() {
    u64 z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  u32 below(u32 n) { return static_cast<u32>(next() % n); }
  bool one_in(u32 n) { return below(n) == 0; }
  template <class List>
  auto pick(const List& list) {
    return list[below(static_cast<u32>(std::size(list)))];
  }

 private:
  u64 state_;
};

struct Values {
  Dice& dice;

  // For a general register or an immediate.
  u32 number();
  // The linear address of an operand of `size` bytes: mostly good; else across a page, read-only, or nowhere.
  u32 address(u32 size);
  // The same, never read-only or nowhere.
  u32 good_address(u32 size);
  // For an 80-bit register.
  void extended(u8* to);
  // Fills memory or a register with numbers of one kind.
  void fill(u8* to, u32 size);
  // For a segment register: of the LDT, flat, null, or bad.
  u16 selector();
};

}  // namespace paemu::isa_test
