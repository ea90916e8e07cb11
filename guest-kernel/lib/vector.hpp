// Vector: a growing array whose growth can fail, and Text: one of characters with printf.
#pragma once

#include <new>

#include "lib/errno.hpp"
#include "lib/print.hpp"
#include "lib/string.hpp"

namespace ido {

template <class T>
class Vector {
 public:
  Vector() = default;
  Vector(Vector&& o) noexcept : items_(o.items_), size_(o.size_), capacity_(o.capacity_) {
    o.items_ = nullptr;
    o.size_ = o.capacity_ = 0;
  }
  Vector& operator=(Vector&& o) noexcept {
    if (this != &o) {
      this->~Vector();
      new (this) Vector(std::move(o));
    }
    return *this;
  }
  ~Vector() {
    clear();
    ::operator delete(items_);
  }

  u32 size() const { return size_; }
  u32 capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  T& operator[](u32 i) { return items_[i]; }
  const T& operator[](u32 i) const { return items_[i]; }
  T* begin() { return items_; }
  T* end() { return items_ + size_; }
  const T* begin() const { return items_; }
  const T* end() const { return items_ + size_; }

  Or<> reserve(u32 capacity) {
    if (capacity <= capacity_) return {};
    auto* grown = static_cast<T*>(::operator new(capacity * sizeof(T), std::nothrow));
    if (grown == nullptr) return fail(Errno::kNoMem);
    for (u32 i = 0; i < size_; ++i) {
      new (grown + i) T(std::move(items_[i]));
      items_[i].~T();
    }
    ::operator delete(items_);
    items_ = grown;
    capacity_ = capacity;
    return {};
  }
  Or<> push(T item) {
    if (size_ == capacity_) TRY(reserve(capacity_ == 0 ? 4 : capacity_ * 2));
    new (items_ + size_++) T(std::move(item));
    return {};
  }
  void erase(u32 at) {
    for (u32 i = at; i + 1 < size_; ++i) items_[i] = std::move(items_[i + 1]);
    items_[--size_].~T();
  }
  void clear() {
    while (size_ > 0) items_[--size_].~T();
  }

 private:
  T* items_ = nullptr;
  u32 size_ = 0;
  u32 capacity_ = 0;
};

// Text that grows as it is printed to. Running out of memory cuts the text and is remembered.
class Text {
 public:
  [[gnu::format(printf, 2, 3)]] void add(const char* format, ...);
  void add(StringView s);
  StringView view() const { return {data_.begin() == nullptr ? "" : data_.begin(), data_.size()}; }
  bool complete() const { return complete_; }

 private:
  Vector<char> data_;
  bool complete_ = true;
};

}  // namespace ido
