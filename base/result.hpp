// Result<T, E>: a value or the reason why there is none, and TRY to pass the reason on.
//
// Freestanding. The emulator uses it with base::Error (base/error.hpp), the guest kernel with ido::Errno.
//
//   right:  Result<Dimm*, Error> insert(...) { auto range = TRY(place(...)); ... }
//   wrong:  if (!place(...)) return false;            // the reason is lost
#pragma once

#include <new>
#include <type_traits>
#include <utility>

namespace base {

// Wraps an error so that a Result<E, E> stays unambiguous: `return Failure{...};`
template <class E>
struct Failure {
  E error;
};
template <class E>
Failure(E) -> Failure<E>;

struct Unit {};

template <class T, class E>
class [[nodiscard]] Result {
 public:
  using Value = T;

  Result(T value) : ok_(true) { new (&value_) T(std::move(value)); }
  Result(Failure<E> f) : ok_(false) { new (&error_) E(std::move(f.error)); }
  Result(Result&& o) noexcept : ok_(o.ok_) {
    if (ok_)
      new (&value_) T(std::move(o.value_));
    else
      new (&error_) E(std::move(o.error_));
  }
  Result(const Result&) = delete;
  Result& operator=(const Result&) = delete;
  Result& operator=(Result&& o) noexcept {
    if (this != &o) {
      this->~Result();
      new (this) Result(std::move(o));
    }
    return *this;
  }
  ~Result() {
    if (ok_)
      value_.~T();
    else
      error_.~E();
  }

  explicit operator bool() const { return ok_; }
  bool ok() const { return ok_; }
  T& value() & { return value_; }
  const T& value() const& { return value_; }
  T&& value() && { return std::move(value_); }
  E& error() & { return error_; }
  const E& error() const& { return error_; }
  T& operator*() { return value_; }
  const T& operator*() const { return value_; }
  T* operator->() { return &value_; }

 private:
  union {
    T value_;
    E error_;
  };
  bool ok_;
};

// Nothing to return but success or an error: `return {};` is success.
template <class E>
class [[nodiscard]] Result<void, E> {
 public:
  using Value = void;

  Result() : ok_(true) {}
  Result(Unit) : ok_(true) {}
  Result(Failure<E> f) : ok_(false) { new (&error_) E(std::move(f.error)); }
  Result(Result&& o) noexcept : ok_(o.ok_) {
    if (!ok_) new (&error_) E(std::move(o.error_));
  }
  Result(const Result&) = delete;
  Result& operator=(const Result&) = delete;
  Result& operator=(Result&& o) noexcept {
    if (this != &o) {
      this->~Result();
      new (this) Result(std::move(o));
    }
    return *this;
  }
  ~Result() {
    if (!ok_) error_.~E();
  }

  explicit operator bool() const { return ok_; }
  bool ok() const { return ok_; }
  Unit value() const { return {}; }
  E& error() & { return error_; }
  const E& error() const& { return error_; }

 private:
  union {
    E error_;
  };
  bool ok_;
};

}  // namespace base

// The value of `expression`, or return its error from the enclosing function.
#define TRY(expression)                                                            \
  __extension__({                                                                  \
    auto try_result_ = (expression);                                               \
    if (!try_result_.ok()) return ::base::Failure{std::move(try_result_.error())}; \
    std::move(try_result_).value();                                                \
  })
