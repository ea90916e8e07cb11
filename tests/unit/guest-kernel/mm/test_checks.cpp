// The kernel's own checks, which end in a panic: each in a process of its own.
#include <catch2/catch.hpp>

#include "fake.hpp"
#include "lib/lock_order.hpp"
#include "lib/wait.hpp"
#include "mm/buddy.hpp"
#include "mm/poison.hpp"
#include "mm/slab.hpp"

using namespace ido;

namespace {

void boot_poisoned() {
  BootMemory m;
  m.usable[m.usable_count++] = {kMiB, 63 * kMiB, "RAM"};
  m.poison = true;
  fake::boot_with(m);
}

struct Object {
  u32 words[12];
};
constinit SlabCache cache{"checked", sizeof(Object)};

}  // namespace

TEST_CASE("check: memory that is used rightly", "[.]") {
  boot_poisoned();
  auto* a = static_cast<Object*>(cache.allocate());
  auto* b = static_cast<Object*>(cache.allocate());
  a->words[11] = 1;
  cache.release(a);
  cache.release(b);
  CHECK(cache.allocate() != nullptr);
  Page* page = allocate_pages({}).value();
  fake::physical(frame_of(page))[0] = 1;
  put_page(page);
  page = allocate_pages({}).value();
  put_page(page);
}

TEST_CASE("check: an object written after its release", "[.]") {
  boot_poisoned();
  auto* object = static_cast<Object*>(cache.allocate());
  cache.release(object);
  object->words[5] = 1;
  (void)cache.allocate();
}

TEST_CASE("check: an object released twice", "[.]") {
  boot_poisoned();
  auto* object = static_cast<Object*>(cache.allocate());
  (void)cache.allocate();
  cache.release(object);
  cache.release(object);
}

TEST_CASE("check: a frame written after it was freed", "[.]") {
  boot_poisoned();
  Page* page = allocate_pages({}).value();
  put_page(page);
  fake::physical(frame_of(page))[100] = 1;
  for (u32 i = 0; i < 20000; ++i) (void)allocate_pages({});
}

TEST_CASE("check: locks in their order", "[.]") {
  lock_check_is_on = true;
  Mutex hotplug{LockKind::kHotplug}, mm{LockKind::kMm}, other{LockKind::kPipe};
  {
    MutexGuard outer(hotplug);
    MutexGuard inner(mm);
  }
  MutexGuard again(other);
  MutexGuard inner(mm);
}

TEST_CASE("check: locks against their order", "[.]") {
  lock_check_is_on = true;
  Mutex pipe{LockKind::kPipe}, mm{LockKind::kMm};
  MutexGuard outer(mm);
  MutexGuard inner(pipe);
}

TEST_CASE("check: two locks of a kind", "[.]") {
  lock_check_is_on = true;
  Mutex one{LockKind::kMm}, two{LockKind::kMm};
  MutexGuard outer(one);
  MutexGuard inner(two);
}

TEST_CASE("Poison and the lock check find what they are for, and only that") {
  CHECK(fake::passes_in_fresh_process("check: memory that is used rightly"));
  CHECK_FALSE(fake::passes_in_fresh_process("check: an object written after its release"));
  CHECK_FALSE(fake::passes_in_fresh_process("check: an object released twice"));
  CHECK_FALSE(fake::passes_in_fresh_process("check: a frame written after it was freed"));
  CHECK(fake::passes_in_fresh_process("check: locks in their order"));
  CHECK_FALSE(fake::passes_in_fresh_process("check: locks against their order"));
  CHECK_FALSE(fake::passes_in_fresh_process("check: two locks of a kind"));
}
