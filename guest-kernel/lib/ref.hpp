// Counted references: RefCounted as a base, Ref<T> as the holder. The last holder deletes. One processor: no atomics.
#pragma once

#include "base/types.hpp"

namespace ido {
using namespace base;

class RefCounted {
 public:
  RefCounted() = default;
  RefCounted(const RefCounted&) = delete;
  RefCounted& operator=(const RefCounted&) = delete;
  virtual ~RefCounted() = default;

  void hold() { ++holders_; }
  void release() {
    if (--holders_ == 0) delete this;
  }
  u32 holders() const { return holders_; }

 private:
  u32 holders_ = 0;
};

template <class T>
class Ref {
 public:
  Ref() = default;
  Ref(T* p) : p_(p) {
    if (p_ != nullptr) p_->hold();
  }
  Ref(const Ref& o) : Ref(o.p_) {}
  Ref(Ref&& o) noexcept : p_(o.p_) { o.p_ = nullptr; }
  template <class U>
  Ref(const Ref<U>& o) : Ref(static_cast<T*>(o.get())) {}
  ~Ref() {
    if (p_ != nullptr) p_->release();
  }
  Ref& operator=(Ref o) noexcept {
    T* old = p_;
    p_ = o.p_;
    o.p_ = old;
    return *this;
  }

  T* get() const { return p_; }
  T* operator->() const { return p_; }
  T& operator*() const { return *p_; }
  explicit operator bool() const { return p_ != nullptr; }
  bool operator==(const Ref& o) const { return p_ == o.p_; }

 private:
  T* p_ = nullptr;
};

}  // namespace ido
