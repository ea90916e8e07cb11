// Names in the tree, mount points, and the walk from a path to them.
#include "fs/vfs.hpp"
#include "lib/string.hpp"

namespace ido::fs {

namespace {

constexpr u32 kMostLinks = 40;  // symbolic links followed in one lookup (Linux's MAXSYMLINKS)
constexpr u32 kMostName = 255;  // bytes of a component

Ref<Dentry> g_root;
Vector<Mount> g_mounts;

Ref<Dentry> over_mounts(Ref<Dentry> d) {
  while (d->mounted != nullptr) d = Ref<Dentry>(d->mounted);
  return d;
}

Ref<Dentry> up(Ref<Dentry> d) {
  while (!d->parent && d->covered) d = d->covered;
  return d->parent ? over_mounts(d->parent) : d;
}

Or<Ref<Dentry>> child_of(Ref<Dentry> directory, StringView name) {
  if (!directory->inode->is_directory()) return fail(Errno::kNotDir);
  if (name.size > kMostName) return fail(Errno::kNameTooLong);
  if (name == "." || name.empty()) return directory;
  if (name == "..") return up(directory);
  Ref<Inode> inode = TRY(directory->inode->lookup(name));
  if (Dentry* known = directory->find_child(name); known != nullptr) {
    known->inode = inode;
    return over_mounts(Ref<Dentry>(known));
  }
  auto* made = new (std::nothrow) Dentry(directory, name, inode);
  if (made == nullptr) return fail(Errno::kNoMem);
  return Ref<Dentry>(made);
}

struct Walk {
  u32 links = 0;
};

Or<Ref<Dentry>> walk(Ref<Dentry> start, StringView path, Follow follow, Walk& state);

Or<Ref<Dentry>> follow_link(Ref<Dentry> directory, Ref<Dentry> link, Walk& state) {
  if (++state.links > kMostLinks) return fail(Errno::kLoop);
  if (Ref<Dentry> target = link->inode->jump()) return target;
  Text target;
  TRY(link->inode->read_link(target));
  if (target.view().empty()) return fail(Errno::kNoEnt);
  return walk(directory, target.view(), Follow::kLast, state);
}

Or<Ref<Dentry>> walk(Ref<Dentry> start, StringView path, Follow follow, Walk& state) {
  if (path.empty()) return fail(Errno::kNoEnt);
  Ref<Dentry> at = path[0] == '/' ? g_root : start;
  u32 i = 0;
  while (i < path.size) {
    while (i < path.size && path[i] == '/') ++i;
    if (i == path.size) break;
    const u32 length = path.from(i).find('/');
    Ref<Dentry> next = TRY(child_of(at, {path.data + i, length}));
    i += length;
    const bool last = i == path.size;
    if (next->inode->is_symlink() && (!last || follow == Follow::kLast)) next = TRY(follow_link(at, next, state));
    if (!last && !next->inode->is_directory()) return fail(Errno::kNotDir);
    at = next;
  }
  return at;
}

}  // namespace

Dentry::Dentry(Ref<Dentry> above, StringView name, Ref<Inode> file) : inode(std::move(file)), parent(std::move(above)) {
  name_.add(name);
  if (parent) parent->children.push_back(*this);
}

Dentry::~Dentry() {
  if (sibling.linked()) IntrusiveList<Dentry, &Dentry::sibling>::remove(*this);
}

Dentry* Dentry::find_child(StringView name) {
  for (Dentry& child : children)
    if (child.name() == name) return &child;
  return nullptr;
}

void Dentry::move(Ref<Dentry> new_parent, StringView new_name) {
  Text name;
  name.add(new_name);
  if (sibling.linked()) IntrusiveList<Dentry, &Dentry::sibling>::remove(*this);
  name_ = std::move(name);
  parent = new_parent;
  parent->children.push_back(*this);
}

Ref<Dentry> root() { return g_root; }

void set_root(Ref<Inode> file_system_root) {
  g_root = Ref<Dentry>(new (std::nothrow) Dentry({}, "", std::move(file_system_root)));
  KASSERT(g_root);
  KASSERT(g_mounts.push({g_root, "rootfs"}).ok());
}

Or<Ref<Dentry>> lookup(Ref<Dentry> start, StringView path, Follow follow) {
  Walk state;
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
  if (result.name.size > kMostName) return fail(Errno::kNameTooLong);
  result.directory = slash == 0 ? start : TRY(lookup(start, path.first(slash)));
  if (!result.directory->inode->is_directory()) return fail(Errno::kNotDir);
  return result;
}

void path_of(Ref<Dentry> dentry, Text& path) {
  Vector<StringView> names;
  for (Ref<Dentry> d = dentry; d;) {
    if (d->parent) {
      if (!names.push(d->name()).ok()) return;
      d = d->parent;
    } else {
      d = d->covered;
    }
  }
  if (names.empty()) path.add("/");
  for (u32 i = names.size(); i-- > 0;) {
    path.add(StringView{"/", 1});
    path.add(names[i]);
  }
}

Or<> mount(Ref<Dentry> on, Ref<Inode> file_system_root, StringView type) {
  if (!on->inode->is_directory()) return fail(Errno::kNotDir);
  auto* top = new (std::nothrow) Dentry({}, "", std::move(file_system_root));
  if (top == nullptr) return fail(Errno::kNoMem);
  Ref<Dentry> held(top);
  TRY(g_mounts.push({held, type}));
  held->covered = on;
  on->mounted = top;
  return {};
}

Or<> unmount(Ref<Dentry> mounted_root) {
  for (u32 i = 0; i < g_mounts.size(); ++i) {
    if (!(g_mounts[i].root == mounted_root)) continue;
    if (!mounted_root->covered || !mounted_root->children.empty()) return fail(Errno::kBusy);
    mounted_root->covered->mounted = nullptr;
    mounted_root->covered = {};
    g_mounts.erase(i);
    return {};
  }
  return fail(Errno::kInval);
}

const Vector<Mount>& mounts() { return g_mounts; }

}  // namespace ido::fs
