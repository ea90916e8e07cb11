// The page lock (page_flag::kLocked): whoever fills, writes out, truncates or moves a page holds it.
//
// The innermost of the kernel's locks (lib/lock_order.hpp). Waiters hold no page lock.
#pragma once

#include "mm/page.hpp"

namespace ido {

bool try_lock_page(Page* page);
void lock_page(Page* page);    // sleeps; the caller holds a reference
void unlock_page(Page* page);  // wakes
inline bool page_locked(const Page* page) { return (page->flags & page_flag::kLocked) != 0; }

// Sleeps until some page is unlocked: for waiters that may not touch the page (it may be gone with its DIMM by then)
// and re-check the condition that made them wait.
void wait_for_any_page();

}  // namespace ido
