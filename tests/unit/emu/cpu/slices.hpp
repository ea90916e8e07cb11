// Tools for tests that run one guest whole and in slices and compare: random numbers, and a hash of all state.
#pragma once

#include <algorithm>
#include <type_traits>
#include <vector>

#include "system_machine.hpp"

namespace paemu::testing {

class Random {
 public:
  explicit Random(u32 seed) : state_(seed * 2654435761u + 1) {}
  u32 next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_;
  }
  u32 below(u32 n) { return next() % n; }

 private:
  u32 state_;
};

// FNV-1a over all fields, in their order.
struct Hasher {
  u64 hash = 0xcbf29ce484222325;
  void bytes(const void* data, usize size) {
    for (usize i = 0; i < size; ++i) hash = (hash ^ static_cast<const u8*>(data)[i]) * 0x100000001b3;
  }
  template <class T>
  void operator()(const char*, const T& v) {
    if constexpr (std::is_array_v<T>) {
      for (const auto& e : v) (*this)("", e);
    } else if constexpr (std::is_class_v<T>) {
      v.visit_fields(*this);
    } else {
      bytes(&v, sizeof v);
    }
  }
};

// Runs until `ticks` instructions have retired, in slices that `slice` gives; a halt ends it. -> hash of all state.
template <class Slice>
u64 outcome(SystemMachine& m, u64 ticks, Slice&& slice) {
  while (m.clock.retired < ticks && m.cpu.state.activity == Activity::kRunning) {
    m.interpreter.run(std::min<u64>(slice(), ticks - m.clock.retired));
  }
  Hasher h;
  m.cpu.state.visit_fields(h);
  h.bytes(&m.clock.retired, sizeof m.clock.retired);
  std::vector<u8> ram(0x110000);
  REQUIRE(m.memory.read(GuestPhys{0}, ram));
  h.bytes(ram.data(), ram.size());
  return h.hash;
}

}  // namespace paemu::testing
