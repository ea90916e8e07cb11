#include "fs/permission.hpp"

namespace ido::fs {

Or<> permit(const Inode& inode, u32 wanted, const Credentials& who) {
  const u32 bits = inode.status.mode;
  if (who.owns_all_files()) {
    // The superuser may do all, but executes only what somebody may execute.
    if ((wanted & want::kExecute) && !inode.is_directory() && !(bits & 0111)) return fail(Errno::kAcces);
    return {};
  }
  const u32 of_class = inode.status.user == who.user.file_system ? bits >> 6
                       : who.in_group(inode.status.group)        ? bits >> 3
                                                                 : bits;
  if ((wanted & ~of_class & 7) != 0) return fail(Errno::kAcces);
  return {};
}

Or<> permit(const Inode& inode, u32 wanted) { return permit(inode, wanted, current_credentials()); }

Or<> permit_owner(const Inode& inode) {
  const Credentials& who = current_credentials();
  if (!who.owns_all_files() && who.user.file_system != inode.status.user) return fail(Errno::kPerm);
  return {};
}

Or<> permit_removal(const Inode& directory, const Inode& victim) {
  TRY(permit(directory, want::kWrite | want::kExecute));
  const Credentials& who = current_credentials();
  if (!(directory.status.mode & mode::kSticky) || who.owns_all_files()) return {};
  if (who.user.file_system == directory.status.user || who.user.file_system == victim.status.user) return {};
  return fail(Errno::kPerm);
}

void own_new(Inode& made, const Inode& directory) {
  const Credentials& who = current_credentials();
  made.status.user = who.user.file_system;
  made.status.group = who.group.file_system;
  if (!(directory.status.mode & mode::kSetGroup)) return;
  made.status.group = directory.status.group;
  if (made.is_directory()) made.status.mode |= mode::kSetGroup;
}

Or<> change_mode(Inode& inode, u32 permissions) {
  TRY(permit_owner(inode));
  const Credentials& who = current_credentials();
  if (!who.owns_all_files() && !who.in_group(inode.status.group)) permissions &= ~mode::kSetGroup;
  inode.status.mode = inode.type() | (permissions & mode::kPermissions);
  inode.status.change = now();
  return {};
}

Or<> change_owner(Inode& inode, u32 user, u32 group) {
  const Credentials& who = current_credentials();
  if (!who.owns_all_files()) {
    const bool owner = inode.status.user == who.user.file_system;
    if (user != Credentials::kNoChange && (!owner || user != inode.status.user)) return fail(Errno::kPerm);
    if (group != Credentials::kNoChange && (!owner || !who.in_group(group))) return fail(Errno::kPerm);
  }
  if (user != Credentials::kNoChange) inode.status.user = user;
  if (group != Credentials::kNoChange) inode.status.group = group;
  if (!inode.is_directory()) {
    inode.status.mode &= ~mode::kSetUser;
    if (inode.status.mode & mode::kGroupExecute) inode.status.mode &= ~mode::kSetGroup;
  }
  inode.status.change = now();
  return {};
}

void drop_set_id_bits(Inode& inode) {
  if (!(inode.status.mode & (mode::kSetUser | mode::kSetGroup)) || current_credentials().owns_all_files()) return;
  inode.status.mode &= ~mode::kSetUser;
  if (inode.status.mode & mode::kGroupExecute) inode.status.mode &= ~mode::kSetGroup;
}

}  // namespace ido::fs
