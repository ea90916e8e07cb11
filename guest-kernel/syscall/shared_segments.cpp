// System V shared memory (shmget(2), shmat(2), shmctl(2)), by ipc (117) and by numbers of its own.
#include "arch/time.hpp"
#include "base/bits.hpp"
#include "lib/vector.hpp"
#include "mm/kmalloc.hpp"
#include "mm/shared_memory.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

constexpr u32 kCreate = 01000, kExclusive = 02000, kNoReserve = 010000;                  // shmget
constexpr u32 kReadOnly = 010000, kRound = 020000, kRemap = 040000, kExecute = 0100000;  // shmat
constexpr u32 kRemove = 0, kSet = 1, kStat = 2, kInfo = 3, kLock = 11, kUnlock = 12, kStatByIndex = 13, kUsage = 14,
              kStatAny = 15;
constexpr u32 kMostSegments = 4096, kMostSize = 0xfeffffff;
constexpr u32 kDestroyed = 01000;  // SHM_DEST, in the mode

struct Permissions {  // struct ipc64_perm
  u32 key, user, group, creator, creator_group;
  u16 mode, padding0, sequence, padding1;
  u32 unused[2];
};
struct SegmentStatus {  // struct shmid64_ds
  Permissions permissions;
  u32 size, attached, attached_high, detached, detached_high, changed, changed_high;
  i32 creator_pid, last_pid;
  u32 attachments, unused[2];
};
static_assert(sizeof(Permissions) == 36 && sizeof(SegmentStatus) == 84);

u32 seconds() { return static_cast<u32>(realtime_ns() / kNsPerSecond); }

class Segment final : public SharedMemory {
 public:
  static Or<Segment*> create(u32 size, Reserve reserve) {
    void* memory = kmalloc(sizeof(Segment));
    if (memory == nullptr) return fail(Errno::kNoMem);
    auto* made = new (memory) Segment(size);
    if (auto promised = made->promise(reserve); !promised) {
      made->release();
      return fail(promised.error());
    }
    return made;
  }
  void describe(char* buffer, u32 size) override {
    format_to(buffer, size, "/SYSV%08x (deleted)", status.permissions.key);
  }
  u32 inode_number() override { return id; }
  void release() override;

  // One a mapping, so a split one counts twice, as in Linux.
  u32 attachments() {
    u32 n = 0;
    for (Area& area : areas) n += area.end > area.start ? 1 : 0;
    return n;
  }

  u32 id = 0;
  bool removed = false;  // goes with its last mapping
  SegmentStatus status{};

 private:
  explicit Segment(u32 size) : SharedMemory(size) {}
};

Vector<Segment*> g_segments;  // by index; nullptr: free. An id is index + kMostSegments * sequence
u32 g_sequence;

Segment* at_index(u32 index) { return index < g_segments.size() ? g_segments[index] : nullptr; }

Or<Segment*> of_id(u32 id) {
  Segment* s = at_index(id % kMostSegments);
  if (s == nullptr || s->id != id) return fail(Errno::kInval);
  return s;
}

Segment* of_key(u32 key) {
  for (Segment* s : g_segments)
    if (s != nullptr && !s->removed && s->status.permissions.key == key) return s;
  return nullptr;
}

void forget(Segment* s) {
  g_segments[s->id % kMostSegments] = nullptr;
  s->SharedMemory::release();
}

void Segment::release() {
  const bool goes = removed && references() == 2;  // the table's and this one
  SharedMemory::release();
  if (goes) forget(this);
}

// Whether the caller may do what the bits of `wanted` (0400 read, 0200 write) say.
Or<> check(const Permissions& p, u32 wanted) {
  const Credentials& c = current_process().credentials;
  if (c.privileged()) return {};
  u32 granted = p.mode;
  if (c.user.effective == p.user || c.user.effective == p.creator) {
  } else if (c.group.effective == p.group || c.group.effective == p.creator_group) {
    granted <<= 3;
  } else {
    granted <<= 6;
  }
  if (wanted & ~granted & 0600) return fail(Errno::kAcces);
  return {};
}

Or<> check_owner(const Permissions& p) {
  const Credentials& c = current_process().credentials;
  if (!c.privileged() && c.user.effective != p.user && c.user.effective != p.creator) return fail(Errno::kPerm);
  return {};
}

Or<u32> free_index() {
  for (u32 i = 0; i < g_segments.size(); ++i)
    if (g_segments[i] == nullptr) return i;
  if (g_segments.size() == kMostSegments) return fail(Errno::kNoSpc);
  TRY(g_segments.push(nullptr));
  return g_segments.size() - 1;
}

Or<u32> get(Call& call, u32 key, u32 size, u32 flags) {
  if (Segment* s = key == 0 ? nullptr : of_key(key)) {
    if ((flags & kCreate) && (flags & kExclusive)) return fail(Errno::kExist);
    if (size > s->status.size) return fail(Errno::kInval);
    TRY(check(s->status.permissions, (flags & 0600) | (flags & 060) << 3 | (flags & 06) << 6));
    return s->id;
  }
  if (key != 0 && !(flags & kCreate)) return fail(Errno::kNoEnt);
  if (size == 0 || size > kMostSize) return fail(Errno::kInval);
  const u32 index = TRY(free_index());
  Segment* s = TRY(Segment::create(size, flags & kNoReserve ? Reserve::kNo : Reserve::kYes));
  const Credentials& c = call.task.process->credentials;
  s->id = index + kMostSegments * (g_sequence++ & 0x7ffff);
  s->status.permissions = {.key = key,
                           .user = c.user.effective,
                           .group = c.group.effective,
                           .creator = c.user.effective,
                           .creator_group = c.group.effective,
                           .mode = static_cast<u16>(flags & 0777)};
  s->status.size = size;
  s->status.changed = seconds();
  s->status.creator_pid = call.task.process->pid;
  g_segments[index] = s;
  return s->id;
}

Or<u32> attach(Call& call, u32 id, u32 address, u32 flags) {
  Segment* s = TRY(of_id(id));
  const bool writes = !(flags & kReadOnly);
  TRY(check(s->status.permissions, 0400 | (writes ? 0200 : 0)));
  MapRequest request{.address = address,
                     .size = s->status.size,
                     .protection = protection::kRead,
                     .flags = area_flag::kShared,
                     .backing = s};
  if (writes) request.protection |= protection::kWrite;
  if (!writes) request.flags |= area_flag::kNoWrite;
  if (flags & kExecute) request.protection |= protection::kExecute;
  if (address != 0) {
    if ((address & kPageMask) && !(flags & kRound)) return fail(Errno::kInval);
    request.address = align_down(address, kPageSize);
    request.placement = flags & kRemap ? Placement::kFixed : Placement::kFixedFree;
  } else if (flags & kRemap) {
    return fail(Errno::kInval);
  }
  s->hold();  // over the removal of what the mapping replaces
  auto placed = call.task.process->mm->map(request);
  if (placed.ok()) {
    s->status.attached = seconds();
    s->status.last_pid = call.task.process->pid;
  }
  s->release();
  if (!placed.ok()) return fail(placed.error() == Errno::kExist ? Errno::kInval : placed.error());
  return *placed;
}

// Every part of the mapping that began at `address`.
Or<u32> detach(Call& call, u32 address) {
  Mm& mm = *call.task.process->mm;
  Segment* found = nullptr;
  const auto part_of = [&](Area& area) -> Segment* {
    if (area.backing == nullptr || area.start - (area.first_index << kPageShift) != address) return nullptr;
    for (Segment* s : g_segments)
      if (s == area.backing && (found == nullptr || s == found)) return s;
    return nullptr;
  };
  for (bool again = true; again;) {
    again = false;
    for (Area& area : mm.areas()) {
      Segment* s = part_of(area);
      if (s == nullptr) continue;
      if (found == nullptr) (found = s)->hold();
      TRY(mm.unmap(area.start, area.size()));
      again = true;
      break;
    }
  }
  if (found == nullptr) return fail(Errno::kInval);
  found->status.detached = seconds();
  found->status.last_pid = call.task.process->pid;
  found->release();
  return 0;
}

Or<u32> tell(u32 address, Segment& s, u32 result) {
  SegmentStatus out = s.status;
  out.permissions.mode |= s.removed ? kDestroyed : 0;
  out.attachments = s.attachments();
  TRY(put_user(address, out));
  return result;
}

Or<u32> tell_limits(u32 address) {
  const u32 out[9] = {kMostSize, 1, kMostSegments, kMostSegments, kMostSize >> kPageShift};
  TRY(copy_to_user(address, out, sizeof out));
  return g_segments.size() == 0 ? 0 : g_segments.size() - 1;
}

Or<u32> tell_usage(u32 address) {
  u32 out[6] = {};
  for (Segment* s : g_segments) {
    if (s == nullptr) continue;
    ++out[0];
    out[1] += ((s->status.size - 1) >> kPageShift) + 1;
    out[2] += s->cached_pages();
  }
  TRY(copy_to_user(address, out, sizeof out));
  return g_segments.size() == 0 ? 0 : g_segments.size() - 1;
}

Or<u32> control(u32 id, u32 command, u32 address) {
  switch (command) {
    case kInfo: return tell_limits(address);
    case kUsage: return tell_usage(address);
    case kStatByIndex:
    case kStatAny: {
      Segment* s = at_index(id);
      if (s == nullptr) return fail(Errno::kInval);
      if (command == kStatByIndex) TRY(check(s->status.permissions, 0400));
      return tell(address, *s, s->id);
    }
    default: break;
  }
  Segment* s = TRY(of_id(id));
  switch (command) {
    case kStat: TRY(check(s->status.permissions, 0400)); return tell(address, *s, 0);
    case kSet: {
      TRY(check_owner(s->status.permissions));
      const auto in = TRY(get_user<SegmentStatus>(address));
      s->status.permissions.user = in.permissions.user;
      s->status.permissions.group = in.permissions.group;
      s->status.permissions.mode = in.permissions.mode & 0777;
      s->status.changed = seconds();
      return 0;
    }
    case kRemove:
      TRY(check_owner(s->status.permissions));
      s->removed = true;
      s->status.permissions.key = 0;
      if (s->attachments() == 0) forget(s);
      return 0;
    case kLock:
    case kUnlock: TRY(check_owner(s->status.permissions)); return 0;  // nothing is swapped: all of it is locked
    default: return fail(Errno::kInval);
  }
}

}  // namespace

Or<u32> sys_shmget(Call& call) { return get(call, call[0], call[1], call[2]); }
Or<u32> sys_shmat(Call& call) { return attach(call, call[0], call[1], call[2]); }
Or<u32> sys_shmdt(Call& call) { return detach(call, call[0]); }
Or<u32> sys_shmctl(Call& call) { return control(call[0], call[1], call[2]); }

// ipc(call, first, second, third, pointer): the older way to all of System V's.
Or<u32> sys_ipc(Call& call) {
  constexpr u32 kAttach = 21, kDetach = 22, kGet = 23, kControl = 24, kWide = 0x100;
  const u32 first = call[1], second = call[2], third = call[3], pointer = call[4];
  switch (call[0]) {
    case kGet: return get(call, first, second, third);
    case kAttach: {
      const u32 address = TRY(attach(call, first, pointer, second));
      TRY(put_user(third, address));
      return 0;
    }
    case kDetach: return detach(call, pointer);
    case kControl:
      // Without the flag the structures are those of Linux 2.2, which no C library asks for any more.
      if (!(second & kWide) && second != kRemove && second != kLock && second != kUnlock) return fail(Errno::kInval);
      return control(first, second & ~kWide, pointer);
    default: return fail(Errno::kNoSys);
  }
}

}  // namespace ido
