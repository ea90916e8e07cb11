// Indirect user access: the kernel never touches a user address. Each page is looked up in the task's page tables,
// faulted in if need be, and reached by an atomic kmap. So a page may migrate between any two of these accesses.
//
// All functions may sleep. Errno::kFault when a user address is bad; copies may have been done in part then.
#pragma once

#include <type_traits>

#include "mm/mm.hpp"

namespace ido {

Or<> copy_to_user(u32 to, const void* from, usize size);
Or<> copy_from_user(void* to, u32 from, usize size);
Or<> zero_user(u32 to, usize size);
// Between a frame, from `offset` on and within it, and the user's memory. The frame must not go or move meanwhile: the
// caller holds a reference to its page.
Or<> copy_frame_to_user(u32 to, Pfn frame, u32 offset, u32 size);
Or<> copy_frame_from_user(Pfn frame, u32 offset, u32 from, u32 size);
// Copies a string with its terminator. Returns its length without it; Errno::kNameTooLong if `size` bytes don't hold
// it.
Or<u32> string_from_user(char* to, u32 from, u32 size);

// The same on another address space: exec's new stack, ptrace, /proc/PID/cmdline.
Or<> copy_to_user(Mm& mm, u32 to, const void* from, usize size);
Or<> copy_from_user(Mm& mm, void* to, u32 from, usize size);
Or<> zero_user(Mm& mm, u32 to, usize size);

template <class T>
Or<> put_user(u32 to, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return copy_to_user(to, &value, sizeof(T));
}
template <class T>
Or<T> get_user(u32 from) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value{};
  TRY(copy_from_user(&value, from, sizeof(T)));
  return value;
}

// Compares and exchanges a word, at once for all other tasks (futexes). Returns what was there.
Or<u32> compare_exchange_user(u32 address, u32 expected, u32 value);

}  // namespace ido
