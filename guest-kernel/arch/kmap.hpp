// Atomic kmaps: short mappings of any frame into the kernel's address space. They nest like a stack; a task that holds
// one does not sleep. Low frames cost nothing (direct map).
#pragma once

#include "arch/paging.hpp"

namespace ido {

class Kmap {
 public:
  explicit Kmap(Pfn frame);
  ~Kmap();
  Kmap(const Kmap&) = delete;
  Kmap& operator=(const Kmap&) = delete;
  u8* bytes() const { return bytes_; }
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(bytes_);
  }

 private:
  u8* bytes_;
};

u32 kmaps_in_use();  // of frames that are not in the direct map

void zero_frame(Pfn frame);
void copy_frame(Pfn to, Pfn from);

// A lasting mapping of device or firmware memory (vmalloc window). Returns nullptr when the window is full.
void* ioremap(u64 physical, u32 size);

}  // namespace ido
