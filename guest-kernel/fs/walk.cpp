// The walk from a path to a name, and back.
#include "fs/permission.hpp"
#include "fs/vfs.hpp"

namespace ido::fs {

namespace {

constexpr u32 kMostLinks = 40;  // symbolic links followed in one lookup (Linux's MAXSYMLINKS)

struct Walk {
  Ref<Dentry> root;
  u32 links = 0;
};

Or<Ref<Dentry>> step(Walk& state, const Ref<Dentry>& directory, StringView name) {
  if (!directory->inode->is_directory()) return fail(Errno::kNotDir);
  TRY(permit(*directory->inode, want::kExecute));
  if (name == ".") return directory;
  if (name == "..") return directory == state.root ? directory : above(directory);
  Ref<Dentry> next = TRY(child(directory, name));
  if (next->negative()) return fail(Errno::kNoEnt);
  return over_mounts(std::move(next));
}

Or<Ref<Dentry>> walk(Ref<Dentry> start, StringView path, Follow follow, Walk& state);

Or<Ref<Dentry>> follow_link(Ref<Dentry> directory, const Ref<Dentry>& link, Walk& state) {
  if (++state.links > kMostLinks) return fail(Errno::kLoop);
  if (Ref<Dentry> target = link->inode->jump()) return target;
  Text target;
  TRY(link->inode->read_link(target));
  if (!target.complete()) return fail(Errno::kNoMem);
  return walk(std::move(directory), target.view(), Follow::kLast, state);
}

Or<Ref<Dentry>> walk(Ref<Dentry> start, StringView path, Follow follow, Walk& state) {
  if (path.empty()) return fail(Errno::kNoEnt);
  Ref<Dentry> at = path[0] == '/' ? state.root : std::move(start);
  u32 i = 0;
  while (i < path.size) {
    while (i < path.size && path[i] == '/') ++i;
    if (i == path.size) break;
    const u32 length = path.from(i).find('/');
    Ref<Dentry> next = TRY(step(state, at, {path.data + i, length}));
    i += length;
    const bool last = i == path.size;
    if (next->inode->is_symlink() && (!last || follow == Follow::kLast)) next = TRY(follow_link(at, next, state));
    if (!last && !next->inode->is_directory()) return fail(Errno::kNotDir);
    at = std::move(next);
  }
  return at;
}

}  // namespace

Or<Ref<Dentry>> lookup(Ref<Dentry> start, StringView path, Follow follow) {
  Walk state{current_root()};
  return walk(std::move(start), path, follow, state);
}

Or<Parent> lookup_parent(Ref<Dentry> start, StringView path) {
  if (path.empty()) return fail(Errno::kNoEnt);
  Parent result;
  while (path.size > 1 && path[path.size - 1] == '/') {
    --path.size;
    result.slash_after = true;
  }
  u32 slash = path.size;
  while (slash > 0 && path[slash - 1] != '/') --slash;
  result.name = path.from(slash);
  result.directory = slash == 0 ? std::move(start) : TRY(lookup(std::move(start), path.first(slash)));
  if (!result.directory->inode->is_directory()) return fail(Errno::kNotDir);
  return result;
}

bool below_root(Ref<Dentry> dentry, const Ref<Dentry>& root) {
  for (;;) {
    if (dentry == root) return true;
    if (dentry->parent)
      dentry = dentry->parent;
    else if (dentry->covered)
      dentry = dentry->covered;
    else
      return false;
  }
}

void path_of(Ref<Dentry> dentry, Text& path) {
  const Ref<Dentry> root = current_root();
  const bool deleted = dentry->unlinked;
  Vector<Ref<Dentry>> names;
  Ref<Dentry> d = std::move(dentry);
  while (!(d == root)) {
    if (d->parent) {
      if (!names.push(d).ok()) return;
      d = d->parent;
    } else if (d->covered) {
      d = d->covered;
    } else {
      // A file that never had a place in the tree tells its own name; a place outside of the root is said to be so.
      path.add(d->name().empty() ? StringView("(unreachable)") : d->name());
      if (names.empty() && !d->name().empty()) {
        path.add(StringView(" (deleted)"));
        return;
      }
      break;
    }
  }
  if (names.empty() && path.view().size == 0) path.add(StringView("/"));
  for (u32 i = names.size(); i-- > 0;) {
    path.add(StringView("/"));
    path.add(names[i]->name());
  }
  if (deleted) path.add(StringView(" (deleted)"));
}

}  // namespace ido::fs
