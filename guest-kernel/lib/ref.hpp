// Counted references: RefCounted as a base, Ref<T> as the holder. When the last holder goes, unused() deletes the
// object unless its class keeps it (a cache). One processor: no atomics.
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
    if (--holders_ == 0) unused();
  }
  // release() without unused(): true when it was the last holder, and the caller is to do the rest.
  bool drop() { return --holders_ == 0; }
  u32 holders() const { return holders_; }

 protected:
  virtual void unused() { delete this; }

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
  // Gives the reference up to the caller, who now holds it.
  T* detach() {
    T* p = p_;
    p_ = nullptr;
    return p;
  }
  T* operator->() const { return p_; }
  T& operator*() const { return *p_; }
  explicit operator bool() const { return p_ != nullptr; }
  bool operator==(const Ref& o) const { return p_ == o.p_; }

 private:
  T* p_ = nullptr;
};

}  // namespace ido
