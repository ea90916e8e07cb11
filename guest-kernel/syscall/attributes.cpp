// What changes or asks for a file's mode, owner and times: chmod, chown, utimensat, access and their kin.
#include "arch/time.hpp"
#include "fs/permission.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

// The file of a descriptor: fchmod, fchown. Pipes and the like have none, and take what they are told.
Or<fs::Inode*> inode_of(Call& call, Ref<fs::File>& held) {
  held = TRY(file_of(call, call[0]));
  if (held->flags & fs::open_flag::kPath) return fail(Errno::kBadF);
  return held->inode();
}

Or<> permit_changes(const fs::Dentry& dentry) {
  if (fs::mount_flags(dentry) & fs::mount_flag::kReadOnly) return fail(Errno::kRoFs);
  return {};
}

Or<u32> change_mode_at(Call& call, u32 descriptor, u32 path, u32 permissions) {
  Ref<fs::Dentry> dentry = TRY(lookup_at(call, descriptor, path, 0));
  TRY(permit_changes(*dentry));
  TRY(fs::change_mode(*dentry->inode, permissions));
  return 0;
}

Or<u32> change_owner_at(Call& call, u32 descriptor, u32 path, u32 at_flags, u32 user, u32 group) {
  Ref<fs::Dentry> dentry = TRY(lookup_at(call, descriptor, path, at_flags));
  TRY(permit_changes(*dentry));
  TRY(fs::change_owner(*dentry->inode, user, group));
  return 0;
}

u32 widen(u32 id) { return (id & 0xffff) == 0xffff ? Credentials::kNoChange : id & 0xffff; }

// A time of utimensat: a point, now, or as it is.
struct NewTime {
  enum class Kind : u8 { kPoint, kNow, kOmit } kind = Kind::kNow;
  fs::Time point;
};

Or<u32> set_times(const Ref<fs::Dentry>& dentry, const NewTime (&times)[2]) {
  using Kind = NewTime::Kind;
  if (times[0].kind == Kind::kOmit && times[1].kind == Kind::kOmit) return 0;
  fs::Inode& inode = *dentry->inode;
  TRY(permit_changes(*dentry));
  // Who may write may say "now"; any other time is the owner's.
  if (auto owner = fs::permit_owner(inode); !owner.ok()) {
    if (times[0].kind != Kind::kNow || times[1].kind != Kind::kNow) return fail(owner.error());
    TRY(fs::permit(inode, fs::want::kWrite));
  }
  const fs::Time present = fs::now();
  fs::Time* const slots[2] = {&inode.status.access, &inode.status.modify};
  for (u32 i = 0; i < 2; ++i)
    if (times[i].kind != Kind::kOmit) *slots[i] = times[i].kind == Kind::kNow ? present : times[i].point;
  inode.status.change = present;
  return 0;
}

// Two struct timespec of either width; address 0: now.
template <class T>
Or<> timespecs_from_user(u32 address, NewTime (&times)[2]) {
  constexpr u32 kNow = 0x3fffffff, kOmit = 0x3ffffffe;
  if (address == 0) return {};
  struct {
    T seconds, nanoseconds;
  } raw[2];
  TRY(copy_from_user(raw, address, sizeof raw));
  for (u32 i = 0; i < 2; ++i) {
    const u32 nanoseconds = static_cast<u32>(raw[i].nanoseconds);
    if (nanoseconds == kNow) continue;
    if (nanoseconds != kOmit && nanoseconds >= kNsPerSecond) return fail(Errno::kInval);
    times[i].kind = nanoseconds == kOmit ? NewTime::Kind::kOmit : NewTime::Kind::kPoint;
    times[i].point = {static_cast<i64>(raw[i].seconds), nanoseconds};
  }
  return {};
}

// Two struct timeval: utimes, futimesat.
Or<> timevals_from_user(u32 address, NewTime (&times)[2]) {
  if (address == 0) return {};
  struct {
    i32 seconds, microseconds;
  } raw[2];
  TRY(copy_from_user(raw, address, sizeof raw));
  for (u32 i = 0; i < 2; ++i) {
    if (raw[i].microseconds < 0 || raw[i].microseconds >= 1'000'000) return fail(Errno::kInval);
    times[i] = {NewTime::Kind::kPoint, {raw[i].seconds, static_cast<u32>(raw[i].microseconds) * 1000}};
  }
  return {};
}

template <class T>
Or<u32> set_times_at(Call& call) {
  NewTime times[2];
  TRY(timespecs_from_user<T>(call[2], times));
  if (call[3] & ~(kAtSymlinkNoFollow | kAtEmptyPath)) return fail(Errno::kInval);
  if (call[1] != 0) return set_times(TRY(lookup_at(call, call[0], call[1], call[3])), times);
  Ref<fs::File> file = TRY(file_of(call, call[0]));  // futimens(3)
  return file->dentry ? set_times(file->dentry, times) : Or<u32>(0);
}

// access(2) asks for the real user, faccessat2 with AT_EACCESS for the effective one.
Or<u32> access_at(Call& call, u32 descriptor, u32 path, u32 wanted, u32 at_flags) {
  constexpr u32 kEffective = 0x200;
  if ((wanted & ~7u) || (at_flags & ~(kEffective | kAtSymlinkNoFollow | kAtEmptyPath))) return fail(Errno::kInval);
  Credentials who = call.task.process->credentials;
  if (!(at_flags & kEffective)) {
    who.user.file_system = who.user.real;
    who.group.file_system = who.group.real;
  }
  Ref<fs::Dentry> dentry = TRY(lookup_at(call, descriptor, path, at_flags & ~kEffective));
  if (wanted == 0) return 0;
  const u32 mounted = fs::mount_flags(*dentry);
  if ((wanted & fs::want::kWrite) && (mounted & fs::mount_flag::kReadOnly) && !dentry->inode->is_symlink() &&
      (dentry->inode->is_regular() || dentry->inode->is_directory()))
    return fail(Errno::kRoFs);
  if ((wanted & fs::want::kExecute) && (mounted & fs::mount_flag::kNoExecute) && dentry->inode->is_regular())
    return fail(Errno::kAcces);
  TRY(fs::permit(*dentry->inode, wanted, who));
  return 0;
}

}  // namespace

Or<u32> sys_chmod(Call& call) { return change_mode_at(call, kAtFdCwd, call[0], call[1]); }
Or<u32> sys_fchmodat(Call& call) { return change_mode_at(call, call[0], call[1], call[2]); }
Or<u32> sys_fchmod(Call& call) {
  Ref<fs::File> held;
  fs::Inode* inode = TRY(inode_of(call, held));
  if (inode != nullptr) {
    TRY(permit_changes(*held->dentry));
    TRY(fs::change_mode(*inode, call[1]));
  }
  return 0;
}

Or<u32> sys_chown(Call& call) { return change_owner_at(call, kAtFdCwd, call[0], 0, call[1], call[2]); }
Or<u32> sys_lchown(Call& call) {
  return change_owner_at(call, kAtFdCwd, call[0], kAtSymlinkNoFollow, call[1], call[2]);
}
Or<u32> sys_fchownat(Call& call) {
  if (call[4] & ~(kAtSymlinkNoFollow | kAtEmptyPath)) return fail(Errno::kInval);
  return change_owner_at(call, call[0], call[1], call[4], call[2], call[3]);
}
namespace {
Or<u32> change_owner_of(Call& call, u32 user, u32 group) {
  Ref<fs::File> held;
  fs::Inode* inode = TRY(inode_of(call, held));
  if (inode != nullptr) {
    TRY(permit_changes(*held->dentry));
    TRY(fs::change_owner(*inode, user, group));
  }
  return 0;
}
}  // namespace
Or<u32> sys_fchown(Call& call) { return change_owner_of(call, call[1], call[2]); }
Or<u32> sys_fchown16(Call& call) { return change_owner_of(call, widen(call[1]), widen(call[2])); }
Or<u32> sys_chown16(Call& call) { return change_owner_at(call, kAtFdCwd, call[0], 0, widen(call[1]), widen(call[2])); }
Or<u32> sys_lchown16(Call& call) {
  return change_owner_at(call, kAtFdCwd, call[0], kAtSymlinkNoFollow, widen(call[1]), widen(call[2]));
}

Or<u32> sys_utimensat(Call& call) { return set_times_at<i32>(call); }
Or<u32> sys_utimensat_time64(Call& call) { return set_times_at<i64>(call); }
Or<u32> sys_utimes(Call& call) {
  NewTime times[2];
  TRY(timevals_from_user(call[1], times));
  return set_times(TRY(lookup_at(call, kAtFdCwd, call[0], 0)), times);
}
Or<u32> sys_futimesat(Call& call) {
  NewTime times[2];
  TRY(timevals_from_user(call[2], times));
  return set_times(call[1] == 0 ? TRY(start_of(call, call[0])) : TRY(lookup_at(call, call[0], call[1], 0)), times);
}
Or<u32> sys_utime(Call& call) {
  NewTime times[2];
  if (call[1] != 0) {
    i32 seconds[2];
    TRY(copy_from_user(seconds, call[1], sizeof seconds));
    for (u32 i = 0; i < 2; ++i) times[i] = {NewTime::Kind::kPoint, {seconds[i], 0}};
  }
  return set_times(TRY(lookup_at(call, kAtFdCwd, call[0], 0)), times);
}

Or<u32> sys_access(Call& call) { return access_at(call, kAtFdCwd, call[0], call[1], 0); }
Or<u32> sys_faccessat(Call& call) { return access_at(call, call[0], call[1], call[2], 0); }
Or<u32> sys_faccessat2(Call& call) { return access_at(call, call[0], call[1], call[2], call[3]); }

// Extended attributes are kept by no file system here.
Or<u32> sys_xattr(Call&) { return fail(Errno::kOpNotSupp); }

}  // namespace ido
