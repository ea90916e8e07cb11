// C++'s operators on kmalloc. Only the form that can fail exists: the kernel never throws.
#include <new>

#include "mm/kmalloc.hpp"

const std::nothrow_t std::nothrow{};

void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return ido::kmalloc(size, "object"); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return ido::kmalloc(size, "object"); }
void operator delete(void* p) noexcept { ido::kfree(p); }
void operator delete(void* p, std::size_t) noexcept { ido::kfree(p); }
void operator delete[](void* p) noexcept { ido::kfree(p); }
void operator delete[](void* p, std::size_t) noexcept { ido::kfree(p); }
