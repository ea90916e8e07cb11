// Robust futexes: what a thread leaves behind that ends while it holds locks. The list is the user's memory: every word
// of it may be wrong, and the walk ends after a bounded number of steps.
#include "mm/uaccess.hpp"
#include "proc/lifetime.hpp"
#include "proc/process.hpp"
#include "proc/task.hpp"

namespace ido {

namespace {

constexpr u32 kMostEntries = 2048;
constexpr u32 kTidMask = 0x3fffffff, kOwnerDied = 0x40000000, kWaiters = 0x80000000;

// struct robust_list_head.
struct Head {
  u32 first;
  i32 offset;   // from an entry to its futex
  u32 pending;  // an entry that is about to come in or go out
};

void leave(const Task& task, u32 futex) {
  for (;;) {
    auto word = get_user<u32>(futex);
    if (!word.ok() || (*word & kTidMask) != static_cast<u32>(task.tid)) return;
    auto seen = compare_exchange_user(futex, *word, (*word & kWaiters) | kOwnerDied);
    if (!seen.ok()) return;
    if (*seen != *word) continue;
    if (*word & kWaiters) futex_wake_one(task.process->mm, futex);
    return;
  }
}

}  // namespace

void release_robust_list(Task& task) {
  const u32 list = task.robust_list;
  task.robust_list = 0;
  if (list == 0) return;
  auto head = get_user<Head>(list);
  if (!head.ok()) return;
  const auto futex_of = [&](u32 entry) { return (entry & ~1u) + static_cast<u32>(head->offset); };
  u32 entry = head->first;
  for (u32 i = 0; i < kMostEntries && (entry & ~1u) != list; ++i) {
    auto next = get_user<u32>(entry & ~1u);  // before its owner may take it away
    if (entry != head->pending) leave(task, futex_of(entry));
    if (!next.ok()) break;
    entry = *next;
  }
  if (head->pending != 0) leave(task, futex_of(head->pending));
}

}  // namespace ido
