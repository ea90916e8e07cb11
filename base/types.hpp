// Fixed-width integers and the strong-type template.
//
// Freestanding: emulator, firmware, guest kernel and tools all include this. A Strong<Tag, Rep> is a number with a
// meaning of its own (an address, a frame number, a time); two of different tags never mix by accident.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace base {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i8 = std::int8_t;
using i16 = std::int16_t;
using i32 = std::int32_t;
using i64 = std::int64_t;
using usize = std::size_t;

inline constexpr u64 kKiB = 1024;
inline constexpr u64 kMiB = 1024 * kKiB;
inline constexpr u64 kGiB = 1024 * kMiB;

// A number with a meaning. Adding or subtracting a plain Rep moves along it; the difference of two is a plain Rep.
template <class Tag, class Rep>
struct Strong {
  Rep value = 0;

  constexpr Strong() = default;
  constexpr explicit Strong(Rep v) : value(v) {}

  constexpr auto operator<=>(const Strong&) const = default;
  constexpr Strong& operator+=(Rep d) {
    value = static_cast<Rep>(value + d);
    return *this;
  }
  constexpr Strong& operator-=(Rep d) {
    value = static_cast<Rep>(value - d);
    return *this;
  }
  friend constexpr Strong operator+(Strong a, Rep d) { return a += d; }
  friend constexpr Strong operator-(Strong a, Rep d) { return a -= d; }
  friend constexpr Rep operator-(Strong a, Strong b) { return static_cast<Rep>(a.value - b.value); }
};

// An address on the guest's physical bus: up to 40 bits.
using GuestPhys = Strong<struct GuestPhysTag, u64>;
// A linear (virtual) address of the guest, after segmentation and before paging.
using GuestLinear = Strong<struct GuestLinearTag, u32>;
// A physical page frame number: GuestPhys / 4096.
using Pfn = Strong<struct PfnTag, u32>;

inline constexpr u32 kPageShift = 12;
inline constexpr u32 kPageSize = 1u << kPageShift;
inline constexpr u32 kPageMask = kPageSize - 1;

constexpr GuestPhys phys_of(Pfn f) { return GuestPhys{static_cast<u64>(f.value) << kPageShift}; }
constexpr Pfn pfn_of(GuestPhys a) { return Pfn{static_cast<u32>(a.value >> kPageShift)}; }

}  // namespace base
