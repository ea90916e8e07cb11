// What changes names: open with creation, mkdir, mknod, unlink, rmdir, rename, link, symlink.
#include "fs/permission.hpp"
#include "fs/vfs.hpp"

namespace ido::fs {

namespace {

bool is_dot(StringView name) { return name.empty() || name == "." || name == ".." || name == "/"; }

Or<> permit_changes(const Dentry& where) {
  if (mount_flags(where) & mount_flag::kReadOnly) return fail(Errno::kRoFs);
  return {};
}

// The free name in a directory that may be written. Errno::kExist.
Or<Ref<Dentry>> free_name(const Parent& parent) {
  Ref<Dentry> place = TRY(child(parent.directory, parent.name));
  if (!place->negative()) return fail(Errno::kExist);
  if (parent.directory->unlinked) return fail(Errno::kNoEnt);
  TRY(permit_changes(*parent.directory));
  TRY(permit(*parent.directory->inode, want::kWrite | want::kExecute));
  return place;
}

Or<Ref<Inode>> create_at(const Parent& parent, Ref<Dentry> place, u32 mode, u32 special_device) {
  Ref<Inode> made = TRY(parent.directory->inode->create(parent.name, mode, special_device));
  own_new(*made, *parent.directory->inode);
  place->inode = made;
  return made;
}

Or<> permit_open(const Dentry& dentry, u32 flags) {
  const u32 access = flags & open_flag::kAccess;
  u32 wanted = access == open_flag::kReadOnly    ? want::kRead
               : access == open_flag::kWriteOnly ? want::kWrite
                                                 : want::kRead | want::kWrite;
  if (flags & open_flag::kTruncate) wanted |= want::kWrite;
  const Inode& inode = *dentry.inode;
  if ((wanted & want::kWrite) && (inode.is_regular() || inode.is_directory())) TRY(permit_changes(dentry));
  const bool device = inode.type() == mode::kCharacter || inode.type() == mode::kBlock;
  if (device && (mount_flags(dentry) & mount_flag::kNoDevices)) return fail(Errno::kAcces);
  TRY(permit(inode, wanted));
  if (flags & open_flag::kNoAccessTime) TRY(permit_owner(inode));
  return {};
}

// A name to be created: the file, or null when something is there already (by a link that dangles, perhaps).
Or<Ref<File>> open_new(Ref<Dentry> start, StringView path, u32 flags, u32 permissions, u32 links) {
  constexpr u32 kMostLinks = 40;
  Parent parent = TRY(lookup_parent(start, path));
  if (parent.slash_after || is_dot(parent.name)) return fail(Errno::kIsDir);
  TRY(permit(*parent.directory->inode, want::kExecute));
  Ref<Dentry> place = TRY(child(parent.directory, parent.name));
  if (!place->negative()) {
    if (!place->inode->is_symlink()) return fail(Errno::kExist);
    if (flags & open_flag::kExclusive) return fail(Errno::kExist);
    if (flags & open_flag::kNoFollow || links == kMostLinks) return fail(Errno::kLoop);
    // A dangling symbolic link: create what it points at.
    Text target;
    TRY(place->inode->read_link(target));
    return open_new(parent.directory, target.view(), flags, permissions, links + 1);
  }
  place = TRY(free_name(parent));
  TRY(create_at(parent, place, mode::kRegular | (permissions & mode::kPermissions), 0));
  return open_found(place, flags & ~open_flag::kTruncate);
}

Or<Ref<File>> open_nameless(Ref<Dentry> directory, u32 flags, u32 permissions) {
  if (!directory->inode->is_directory()) return fail(Errno::kNotDir);
  if ((flags & open_flag::kAccess) == open_flag::kReadOnly) return fail(Errno::kInval);
  TRY(permit_changes(*directory));
  TRY(permit(*directory->inode, want::kWrite | want::kExecute));
  Ref<Inode> made = TRY(directory->inode->create_nameless(mode::kRegular | (permissions & mode::kPermissions)));
  own_new(*made, *directory->inode);
  made->status.links = 0;
  char name[24];
  format_to(name, sizeof name, "#%llu", static_cast<unsigned long long>(made->status.inode));
  Ref<Dentry> nameless = TRY(Dentry::make(directory, name, made));
  forget(*nameless);
  return open_found(nameless, flags);
}

// What rename finds at its two ends.
struct Move {
  Parent from, to;
  Ref<Dentry> source, target;  // target may be negative
};

Or<> check_move(const Move& m, RenameMode how) {
  const Inode& moved = *m.source->inode;
  TRY(permit_changes(*m.from.directory));
  TRY(permit_removal(*m.from.directory->inode, moved));
  TRY(permit(*m.to.directory->inode, want::kWrite | want::kExecute));
  if (m.source->mounted != nullptr || m.target->mounted != nullptr) return fail(Errno::kBusy);
  if (m.to.directory->unlinked) return fail(Errno::kNoEnt);
  if ((m.from.slash_after || m.to.slash_after) && !moved.is_directory()) return fail(Errno::kNotDir);
  // A directory can't go below itself.
  for (const Dentry* d = m.to.directory.get(); d != nullptr; d = d->parent.get())
    if (d == m.source.get()) return fail(Errno::kInval);
  if (m.target->negative()) return how == RenameMode::kExchange ? Or<>(fail(Errno::kNoEnt)) : Or<>{};
  if (how == RenameMode::kNoReplace) return fail(Errno::kExist);
  const Inode& there = *m.target->inode;
  TRY(permit_removal(*m.to.directory->inode, there));
  if (how == RenameMode::kExchange) {
    for (const Dentry* d = m.from.directory.get(); d != nullptr; d = d->parent.get())
      if (d == m.target.get()) return fail(Errno::kInval);
    return {};
  }
  if (there.is_directory() && !moved.is_directory()) return fail(Errno::kIsDir);
  if (!there.is_directory() && moved.is_directory()) return fail(Errno::kNotDir);
  if (there.is_directory() && !m.target->inode->empty()) return fail(Errno::kNotEmpty);
  return {};
}

}  // namespace

Or<Ref<File>> open_found(Ref<Dentry> dentry, u32 flags) {
  Inode* inode = dentry->inode.get();
  return inode->open(std::move(dentry), flags);
}

Or<Ref<File>> open(Ref<Dentry> start, StringView path, u32 flags, u32 permissions) {
  const bool no_follow =
      (flags & open_flag::kNoFollow) || ((flags & open_flag::kCreate) && (flags & open_flag::kExclusive));
  auto found = lookup(start, path, no_follow ? Follow::kNo : Follow::kLast);
  if (!found.ok()) {
    if (found.error() != Errno::kNoEnt || !(flags & open_flag::kCreate)) return fail(found.error());
    return open_new(std::move(start), path, flags, permissions, 0);
  }
  Ref<Dentry> dentry = *found;
  if (flags & open_flag::kPath) {
    if ((flags & open_flag::kDirectory) && !dentry->inode->is_directory()) return fail(Errno::kNotDir);
    return dentry->inode->Inode::open(dentry, flags);
  }
  if ((flags & open_flag::kTemporary) && (flags & open_flag::kDirectory))
    return open_nameless(std::move(dentry), flags & ~(open_flag::kTemporary | open_flag::kDirectory), permissions);
  if ((flags & open_flag::kCreate) && (flags & open_flag::kExclusive)) return fail(Errno::kExist);
  if (dentry->inode->is_symlink()) return fail(Errno::kLoop);
  const bool writes = (flags & open_flag::kAccess) != open_flag::kReadOnly;
  if (dentry->inode->is_directory() && (writes || (flags & open_flag::kCreate))) return fail(Errno::kIsDir);
  if ((flags & open_flag::kDirectory) && !dentry->inode->is_directory()) return fail(Errno::kNotDir);
  TRY(permit_open(*dentry, flags));
  if ((flags & open_flag::kTruncate) && dentry->inode->is_regular()) TRY(dentry->inode->truncate(0));
  return open_found(std::move(dentry), flags);
}

Or<Ref<Inode>> make(Ref<Dentry> start, StringView path, u32 mode, u32 special_device) {
  Parent parent = TRY(lookup_parent(std::move(start), path));
  if (is_dot(parent.name)) return fail(Errno::kExist);
  TRY(permit(*parent.directory->inode, want::kExecute));
  if (parent.slash_after && (mode & mode::kType) != mode::kDirectory) {
    TRY(lookup(parent.directory, parent.name));
    return fail(Errno::kExist);
  }
  Ref<Dentry> place = TRY(free_name(parent));
  const bool device = (mode & mode::kType) == mode::kCharacter || (mode & mode::kType) == mode::kBlock;
  if (device && !current_credentials().privileged()) return fail(Errno::kPerm);
  return create_at(parent, std::move(place), mode, special_device);
}

Or<> remove(Ref<Dentry> start, StringView path, bool directory) {
  Parent parent = TRY(lookup_parent(std::move(start), path));
  if (is_dot(parent.name)) {
    if (!directory) return fail(Errno::kIsDir);
    return fail(parent.name == "." ? Errno::kInval : parent.name == ".." ? Errno::kNotEmpty : Errno::kBusy);
  }
  TRY(permit(*parent.directory->inode, want::kExecute));
  Ref<Dentry> victim = TRY(child(parent.directory, parent.name));
  if (victim->negative()) return fail(Errno::kNoEnt);
  if (!directory && parent.slash_after) return fail(victim->inode->is_directory() ? Errno::kIsDir : Errno::kNotDir);
  TRY(permit_changes(*parent.directory));
  TRY(permit_removal(*parent.directory->inode, *victim->inode));
  if (directory && !victim->inode->is_directory()) return fail(Errno::kNotDir);
  if (!directory && victim->inode->is_directory()) return fail(Errno::kIsDir);
  if (victim->mounted != nullptr) return fail(Errno::kBusy);
  TRY(parent.directory->inode->remove(parent.name, directory));
  forget(*victim);
  return {};
}

Or<> rename(Ref<Dentry> from_start, StringView from, Ref<Dentry> to_start, StringView to, RenameMode how) {
  Move m{TRY(lookup_parent(std::move(from_start), from)), TRY(lookup_parent(std::move(to_start), to)), {}, {}};
  if (is_dot(m.from.name) || is_dot(m.to.name)) return fail(Errno::kBusy);
  TRY(permit(*m.from.directory->inode, want::kExecute));
  TRY(permit(*m.to.directory->inode, want::kExecute));
  m.source = TRY(child(m.from.directory, m.from.name));
  if (m.source->negative()) return fail(Errno::kNoEnt);
  m.target = TRY(child(m.to.directory, m.to.name));
  if (m.from.directory->inode->status.device != m.to.directory->inode->status.device) return fail(Errno::kXDev);
  if (m.source->inode == m.target->inode && how != RenameMode::kNoReplace) return {};
  TRY(check_move(m, how));
  Inode &here = *m.from.directory->inode, &there = *m.to.directory->inode;
  if (how == RenameMode::kExchange) {
    TRY(here.exchange(m.from.name, there, m.to.name));
    TRY(move(*m.source, m.to.directory, m.to.name));
    return move(*m.target, m.from.directory, m.from.name);
  }
  if (!m.target->negative()) TRY(there.remove(m.to.name, m.target->inode->is_directory()));
  forget(*m.target);
  TRY(here.rename(m.from.name, there, m.to.name));
  if (auto moved = move(*m.source, m.to.directory, m.to.name); !moved.ok()) forget(*m.source);
  return {};
}

Or<> link(Ref<Dentry> target, Ref<Dentry> start, StringView path) {
  Parent parent = TRY(lookup_parent(std::move(start), path));
  if (is_dot(parent.name)) return fail(Errno::kExist);
  TRY(permit(*parent.directory->inode, want::kExecute));
  Ref<Dentry> place = TRY(free_name(parent));
  if (target->inode->is_directory()) return fail(Errno::kPerm);
  if (parent.slash_after) return fail(Errno::kNoEnt);
  if (target->inode->status.device != parent.directory->inode->status.device) return fail(Errno::kXDev);
  TRY(parent.directory->inode->link(parent.name, target->inode));
  place->inode = target->inode;
  return {};
}

Or<> symlink(StringView target, Ref<Dentry> start, StringView path) {
  if (target.empty()) return fail(Errno::kNoEnt);
  Parent parent = TRY(lookup_parent(std::move(start), path));
  if (is_dot(parent.name)) return fail(Errno::kExist);
  TRY(permit(*parent.directory->inode, want::kExecute));
  Ref<Dentry> place = TRY(free_name(parent));
  if (parent.slash_after) return fail(Errno::kNoEnt);
  Ref<Inode> made = TRY(parent.directory->inode->symlink(parent.name, target));
  own_new(*made, *parent.directory->inode);
  place->inode = made;
  return {};
}

Or<> truncate(Ref<Dentry> dentry, u64 size) {
  if (dentry->inode->is_directory()) return fail(Errno::kIsDir);
  if (!dentry->inode->is_regular()) return fail(Errno::kInval);
  TRY(permit_changes(*dentry));
  TRY(permit(*dentry->inode, want::kWrite));
  return dentry->inode->truncate(size);
}

}  // namespace ido::fs
