#include "fs/lock.hpp"

#include "lib/wait.hpp"

namespace ido::fs {

struct FileLocks {
  struct Held {
    LockKind kind;
    LockRequest lock;
  };
  Vector<Held> held;
  WaitQueue changed;
};

namespace {

// Who waits for whom, to find circles (fcntl(2): EDEADLK).
struct Blocked {
  const void* owner;
  const void* on;
  ListNode node;
};
IntrusiveList<Blocked, &Blocked::node> g_blocked;

bool waits_for(const void* owner, const void* goal) {
  for (u32 steps = 0; steps < 64; ++steps) {
    const void* next = nullptr;
    for (const Blocked& b : g_blocked)
      if (b.owner == owner) next = b.on;
    if (next == nullptr) return false;
    if (next == goal) return true;
    owner = next;
  }
  return false;
}

const LockRequest* obstacle(const FileLocks& locks, LockKind kind, const LockRequest& wanted) {
  for (const FileLocks::Held& h : locks.held) {
    if (h.kind != kind || h.lock.owner == wanted.owner) continue;
    if (h.lock.end < wanted.start || h.lock.start > wanted.end) continue;
    if (h.lock.type == LockType::kWrite || wanted.type == LockType::kWrite) return &h.lock;
  }
  return nullptr;
}

// Cuts `range` out of the owner's locks. At most one is cut in two; the caller has reserved room for its second half.
void cut(FileLocks& locks, LockKind kind, const LockRequest& range) {
  for (u32 i = 0; i < locks.held.size(); ++i) {
    LockRequest& l = locks.held[i].lock;
    if (locks.held[i].kind != kind || l.owner != range.owner || l.end < range.start || l.start > range.end) continue;
    const bool left = l.start<range.start, right = l.end> range.end;
    if (left && right) {
      FileLocks::Held rest = locks.held[i];
      rest.lock.start = range.end + 1;
      l.end = range.start - 1;
      KASSERT(locks.held.push(rest).ok());
    } else if (left) {
      l.end = range.start - 1;
    } else if (right) {
      l.start = range.end + 1;
    } else {
      locks.held.erase(i--);
    }
  }
}

void join_neighbours(FileLocks& locks, u32 at) {
  for (u32 i = 0; i < locks.held.size(); ++i) {
    LockRequest &a = locks.held[at].lock, &b = locks.held[i].lock;
    if (i == at || locks.held[i].kind != locks.held[at].kind || b.owner != a.owner || b.type != a.type) continue;
    if (b.end + 1 != a.start && a.end + 1 != b.start) continue;
    if (b.start < a.start) a.start = b.start;
    if (b.end > a.end) a.end = b.end;
    locks.held.erase(i);
    if (i < at) --at;
    i = ~0u;  // from the beginning: the joined one may touch another
  }
}

Or<> wait_for_obstacle(FileLocks& locks, const LockRequest& request, const void* owner_in_the_way) {
  if (waits_for(owner_in_the_way, request.owner)) return fail(Errno::kDeadLk);
  Blocked blocked{request.owner, owner_in_the_way, {}};
  g_blocked.push_back(blocked);
  auto waited = locks.changed.wait_interruptible();
  IntrusiveList<Blocked, &Blocked::node>::remove(blocked);
  return waited;
}

}  // namespace

Or<> set_lock(Inode& inode, LockKind kind, const LockRequest& request, bool wait) {
  if (inode.locks == nullptr) {
    if (request.type == LockType::kNone) return {};
    inode.locks = new (std::nothrow) FileLocks;
    if (inode.locks == nullptr) return fail(Errno::kNoMem);
  }
  FileLocks& locks = *inode.locks;
  if (request.type != LockType::kNone) {
    // flock(2) converts by giving up first: others may get in between.
    if (kind == LockKind::kWhole) {
      cut(locks, kind, request);
      locks.changed.wake_all();
    }
    while (const LockRequest* other = obstacle(locks, kind, request)) {
      if (!wait) return fail(Errno::kAgain);
      TRY(wait_for_obstacle(locks, request, other->owner));
    }
  }
  TRY(locks.held.reserve(locks.held.size() + 2));
  cut(locks, kind, request);
  if (request.type != LockType::kNone) {
    TRY(locks.held.push({kind, request}));
    join_neighbours(locks, locks.held.size() - 1);
  }
  locks.changed.wake_all();
  return {};
}

bool find_lock(Inode& inode, const LockRequest& request, LockRequest& found) {
  if (inode.locks == nullptr) return false;
  const LockRequest* other = obstacle(*inode.locks, LockKind::kRange, request);
  if (other != nullptr) found = *other;
  return other != nullptr;
}

void release_locks(Inode& inode, const void* owner) {
  FileLocks& locks = *inode.locks;
  bool any = false;
  for (u32 i = 0; i < locks.held.size(); ++i) {
    if (locks.held[i].lock.owner != owner) continue;
    locks.held.erase(i--);
    any = true;
  }
  if (any) locks.changed.wake_all();
}

void destroy_locks(Inode& inode) {
  delete inode.locks;
  inode.locks = nullptr;
}

}  // namespace ido::fs
