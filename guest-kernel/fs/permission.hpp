// Who may do what to a file (path_resolution(7), "Permissions"): the running process's credentials against the inode's
// owner, group and mode.
#pragma once

#include "fs/inode.hpp"
#include "lib/credentials.hpp"

namespace ido::fs {

// `wanted`: bits of want. Errno::kAcces.
Or<> permit(const Inode& inode, u32 wanted);
Or<> permit(const Inode& inode, u32 wanted, const Credentials& who);

// To change the mode or the times one must own the file. Errno::kPerm.
Or<> permit_owner(const Inode& inode);
// To remove or rename a name out of a directory: write permission, and in a sticky one to own either. Errno::kAcces,
// kPerm.
Or<> permit_removal(const Inode& directory, const Inode& victim);

// Sets owner and group of a file just made in `directory` (a set-group directory passes its group on), and keeps the
// bits of `mode` that its maker may set.
void own_new(Inode& made, const Inode& directory);

Or<> change_mode(Inode& inode, u32 permissions);
// Credentials::kNoChange: stays.
Or<> change_owner(Inode& inode, u32 user, u32 group);
// After a write by somebody who is not privileged.
void drop_set_id_bits(Inode& inode);

}  // namespace ido::fs
