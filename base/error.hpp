// Error: one clear sentence for a person, for hosted programs (emulator and tools; the guest kernel has Errno).
//
// The sentence says what is wrong and what would be right, without a trailing newline or program name:
//   fail("-m: size \"12Q\" has an unknown suffix; use K, M, G or T")
#pragma once

#include <string>
#include <utility>

#include "base/result.hpp"

namespace base {

struct Error {
  std::string sentence;
};

template <class T = void>
using Or = Result<T, Error>;

inline Failure<Error> fail(std::string sentence) { return Failure<Error>{Error{std::move(sentence)}}; }

}  // namespace base
