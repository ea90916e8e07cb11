// Dentry: a name in the tree of mounted file systems, and the cache of names.
//
// A dentry whose directory caches names stays after its last holder has gone, on the list of unused ones, until memory
// is wanted or there are too many. One without inode is negative: it remembers that the name is not there. Held
// dentries hold their parent, so the tree above a name is always there. The hash table finds by parent and name.
#pragma once

#include "base/intrusive_list.hpp"
#include "fs/inode.hpp"

namespace ido::fs {

class Dentry final : public RefCounted {
 public:
  // Takes a copy of the name. Errno::kNoMem.
  static Or<Ref<Dentry>> make(Ref<Dentry> parent, StringView name, Ref<Inode> inode);

  Ref<Inode> inode;           // null: negative
  Ref<Dentry> parent;         // null at the root of a file system
  Ref<Dentry> covered;        // root of a mounted file system: what it is mounted on
  Dentry* mounted = nullptr;  // a mount point: the root that covers it, held by the mount list
  bool unlinked = false;      // its name is gone; open files keep it

  StringView name() const { return {name_, name_size_}; }
  u32 hash() const { return hash_; }
  bool negative() const { return !inode; }

  ListNode hash_node;    // the cache's table, while the name is valid
  ListNode unused_node;  // the cache's list, while nobody holds it

  static void* operator new(usize size, const std::nothrow_t&) noexcept;
  static void operator delete(void* dentry);

 private:
  friend u32 shrink_dentries(u32 most);
  friend Or<> move(Dentry& dentry, Ref<Dentry> new_parent, StringView new_name);
  Dentry() = default;
  ~Dentry() override;
  void unused() override;
  bool set_name(StringView name);
  void drop_name();

  static constexpr u32 kInlineName = 32;
  char* name_ = inline_name_;
  u32 name_size_ = 0;
  u32 hash_ = 0;
  char inline_name_[kInlineName];
};

// The child of that name: cached, or asked of the directory; negative when it is not there. The directory's inode must
// be a directory; "." and ".." are not for it. Errno::kNameTooLong, kNoMem, or what the file system says.
Or<Ref<Dentry>> child(Ref<Dentry> directory, StringView name);

// Marks the dentry as a mount point that `root` covers, or as none (null). It is found by its name as long as it is
// one, whether its directory caches names or not.
void set_mounted(Dentry& dentry, Dentry* root);

// The name is gone (unlink, rmdir, the target of a rename): lookups no longer find it, holders keep it.
void forget(Dentry& dentry);
// rename: the dentry is found under its new name from now on. Errno::kNoMem before anything is changed.
Or<> move(Dentry& dentry, Ref<Dentry> new_parent, StringView new_name);

// Frees up to `most` unused dentries, least recently used first; returns how many. For the shrinker and drop_caches.
u32 shrink_dentries(u32 most);
u32 unused_dentries();
void register_dentry_shrinker();  // once, at boot
u32 dentry_count();

}  // namespace ido::fs
