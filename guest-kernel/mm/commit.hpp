// Overcommit: how much memory may be promised (Linux's Documentation/mm/overcommit-accounting.rst). Promised are
// private writable areas and shared memory objects, unless they were asked for with MAP_NORESERVE.
#pragma once

#include "lib/errno.hpp"

namespace ido {

enum class CommitPolicy : u8 {
  kHeuristic,  // refuses only a single request that never could fit
  kAlways,
  kStrict,  // never more in all than commit_limit_pages()
};
CommitPolicy commit_policy();  // /proc/sys/vm/overcommit_memory
void set_commit_policy(CommitPolicy policy);
u32 commit_ratio();  // per cent of memory that kStrict promises
void set_commit_ratio(u32 percent);
u32 commit_limit_pages();

// Whether `pages` more may be promised: Errno::kNoMem. The caller counts them in committed_pages (stats.hpp).
Or<> may_commit(u32 pages);

}  // namespace ido
