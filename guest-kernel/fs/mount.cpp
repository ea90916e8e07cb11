#include "fs/mount.hpp"

#include "fs/vfs.hpp"

namespace ido::fs {

namespace {

Ref<Dentry> g_root;
Vector<Mount> g_mounts;

Mount* mount_of_root(const Dentry& root) {
  for (Mount& m : g_mounts)
    if (m.root.get() == &root) return &m;
  return nullptr;
}

bool within(const Dentry* dentry, const Dentry* top) {
  while (dentry != nullptr && dentry != top) dentry = dentry->parent ? dentry->parent.get() : dentry->covered.get();
  return dentry == top;
}

void uncover(Dentry& mounted) {
  if (!mounted.covered) return;
  set_mounted(*mounted.covered, nullptr);
  mounted.covered = {};
}

void cover(Dentry& mounted, Ref<Dentry> on) {
  set_mounted(*on, &mounted);
  mounted.covered = std::move(on);
}

}  // namespace

Ref<Dentry> root() { return g_root; }
u32 mount_count() { return g_mounts.size(); }
const Mount& mount_at(u32 index) { return g_mounts[index]; }
bool is_mount_root(const Dentry& dentry) { return !dentry.parent; }

void set_root(Ref<Inode> file_system_root) {
  register_dentry_shrinker();
  auto made = Dentry::make({}, "", std::move(file_system_root));
  KASSERT(made.ok());
  g_root = *made;
  Mount mount;
  mount.root = g_root;
  mount.type = "rootfs";
  mount.source.add(StringView("rootfs"));
  KASSERT(g_mounts.push(std::move(mount)).ok());
}

Ref<Dentry> over_mounts(Ref<Dentry> dentry) {
  while (dentry->mounted != nullptr) dentry = Ref<Dentry>(dentry->mounted);
  return dentry;
}

Ref<Dentry> above(const Ref<Dentry>& dentry) {
  Ref<Dentry> d = dentry;
  while (!d->parent && d->covered) d = d->covered;
  return d->parent ? over_mounts(d->parent) : over_mounts(d);
}

u32 mount_flags(const Dentry& dentry) {
  const Dentry* top = &dentry;
  while (top->parent) top = top->parent.get();
  const Mount* m = mount_of_root(*top);
  return m == nullptr ? 0 : m->flags;
}

Or<> mount(Ref<Dentry> on, Ref<Inode> file_system_root, StringView type, StringView source, u32 flags) {
  if (on->inode->is_directory() != file_system_root->is_directory()) return fail(Errno::kNotDir);
  if (on->unlinked) return fail(Errno::kNoEnt);
  Mount made;
  made.root = TRY(Dentry::make({}, "", std::move(file_system_root)));
  made.type = type;
  made.source.add(source);
  made.flags = flags & mount_flag::kKept;
  Ref<Dentry> top = made.root;
  TRY(g_mounts.push(std::move(made)));
  cover(*top, std::move(on));
  return {};
}

Or<> unmount(Ref<Dentry> mounted_root, bool detach) {
  Mount* m = mount_of_root(*mounted_root);
  if (m == nullptr) return fail(Errno::kInval);
  if (!mounted_root->covered) return fail(Errno::kBusy);  // the root of all
  for (const Mount& other : g_mounts)
    if (!(other.root == mounted_root) && within(other.root.get(), mounted_root.get())) return fail(Errno::kBusy);
  shrink_dentries(unused_dentries());
  // Two holders are left when nobody uses it: the list, and the caller.
  if (!detach && mounted_root->holders() > 2) return fail(Errno::kBusy);
  uncover(*mounted_root);
  g_mounts.erase(static_cast<u32>(mount_of_root(*mounted_root) - g_mounts.begin()));
  return {};
}

Or<> remount(Ref<Dentry> mounted_root, u32 flags) {
  Mount* m = mount_of_root(*mounted_root);
  if (m == nullptr) return fail(Errno::kInval);
  m->flags = flags & mount_flag::kKept;
  return {};
}

Or<> move_mount(Ref<Dentry> mounted_root, Ref<Dentry> to) {
  if (mount_of_root(*mounted_root) == nullptr || !mounted_root->covered) return fail(Errno::kInval);
  if (!to->inode->is_directory()) return fail(Errno::kNotDir);
  if (within(to.get(), mounted_root.get())) return fail(Errno::kLoop);
  uncover(*mounted_root);
  cover(*mounted_root, over_mounts(std::move(to)));
  return {};
}

Or<> pivot_root(Ref<Dentry> new_root, Ref<Dentry> put_old) {
  Ref<Dentry> old_root = current_root();
  if (!new_root->inode->is_directory() || !put_old->inode->is_directory()) return fail(Errno::kNotDir);
  // The initial root can't be moved: nothing is below it (pivot_root(2), EINVAL).
  if (!is_mount_root(*new_root) || !new_root->covered || !is_mount_root(*old_root) || !old_root->covered)
    return fail(Errno::kInval);
  if (new_root == old_root || put_old == old_root) return fail(Errno::kBusy);
  if (!within(put_old.get(), new_root.get())) return fail(Errno::kInval);
  Ref<Dentry> place = old_root->covered;
  uncover(*new_root);
  uncover(*old_root);
  cover(*new_root, std::move(place));
  cover(*old_root, over_mounts(std::move(put_old)));
  return {};
}

}  // namespace ido::fs
