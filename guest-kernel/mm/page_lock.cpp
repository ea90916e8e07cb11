#include "mm/page_lock.hpp"

#include "lib/lock_order.hpp"
#include "lib/print.hpp"
#include "lib/wait.hpp"

namespace ido {
namespace {

// One queue for all pages: waits are rare and short, and a waiter need not touch a page that may be gone.
WaitQueue unlocked;

}  // namespace

bool try_lock_page(Page* page) {
  if (page_locked(page)) return false;
  page->flags |= page_flag::kLocked;
  if (lock_check_on()) note_lock_taken(LockKind::kPage, page);
  return true;
}

void lock_page(Page* page) {
  if (lock_check_on()) check_lock_order(LockKind::kPage);
  while (!try_lock_page(page)) unlocked.wait();
}

void unlock_page(Page* page) {
  KASSERT(page_locked(page));
  if (lock_check_on()) note_lock_released(page);
  page->flags &= static_cast<u8>(~page_flag::kLocked);
  unlocked.wake_all();
}

void wait_for_any_page() { unlocked.wait(); }

}  // namespace ido
