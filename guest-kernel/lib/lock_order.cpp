#include "lib/lock_order.hpp"

#include "lib/print.hpp"

namespace ido {
namespace {

const char* name(LockKind kind) {
  static const char* const names[] = {"ACPI evaluation", "memory hotplug", "pipe", "address space", "page"};
  return names[static_cast<u32>(kind)];
}

}  // namespace

bool lock_check_is_on;

void check_lock_order(LockKind kind) {
  const HeldLocks& locks = held_locks();
  for (u32 i = 0; i < locks.count; ++i) {
    if (locks.held[i].kind < kind) continue;
    const bool was_on = lock_check_is_on;
    lock_check_is_on = false;  // the panic itself may take locks
    if (was_on)
      panic("lock order: a lock of kind '%s' is taken under one of kind '%s'", name(kind), name(locks.held[i].kind));
  }
}

void note_lock_taken(LockKind kind, const void* lock) {
  HeldLocks& locks = held_locks();
  if (locks.count == HeldLocks::kMost) panic("lock order: a task holds more than %u locks", HeldLocks::kMost);
  locks.held[locks.count++] = {lock, kind};
}

void note_lock_released(const void* lock) {
  HeldLocks& locks = held_locks();
  for (u32 i = locks.count; i-- > 0;) {
    if (locks.held[i].lock != lock) continue;
    for (; i + 1 < locks.count; ++i) locks.held[i] = locks.held[i + 1];
    --locks.count;
    return;
  }
  panic("lock order: a lock is given back by a task that does not hold it");
}

void check_no_locks(const char* where) {
  const HeldLocks& locks = held_locks();
  if (locks.count > 0) panic("lock order: a lock of kind '%s' is held %s", name(locks.held[0].kind), where);
}

}  // namespace ido
