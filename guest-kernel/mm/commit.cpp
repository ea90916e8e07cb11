#include "mm/commit.hpp"

#include "mm/stats.hpp"

namespace ido {
namespace {

CommitPolicy policy = CommitPolicy::kHeuristic;
u32 ratio = 50;

}  // namespace

CommitPolicy commit_policy() { return policy; }
void set_commit_policy(CommitPolicy wanted) { policy = wanted; }
u32 commit_ratio() { return ratio; }
void set_commit_ratio(u32 percent) { ratio = percent; }

u32 commit_limit_pages() {
  const u64 limit = u64{memory_total_pages()} * ratio / 100;
  return limit > ~u32{0} ? ~u32{0} : static_cast<u32>(limit);
}

Or<> may_commit(u32 pages) {
  switch (policy) {
    case CommitPolicy::kAlways: return {};
    case CommitPolicy::kHeuristic:
      if (pages > memory_total_pages()) return fail(Errno::kNoMem);
      return {};
    case CommitPolicy::kStrict: break;
  }
  const u32 limit = commit_limit_pages();
  if (pages > limit || committed_pages > limit - pages) return fail(Errno::kNoMem);
  return {};
}

}  // namespace ido
