#include "fs/file_systems.hpp"

#include "fs/device.hpp"
#include "fs/proc_file_system.hpp"
#include "fs/sys_file_system.hpp"
#include "fs/tmpfs.hpp"

namespace ido::fs {

namespace {

constexpr u32 kMost = 16;
FileSystemType g_types[kMost];
u32 g_count = 0;

Or<Ref<Inode>> make_proc_root(StringView) { return make_proc(); }
Or<Ref<Inode>> make_sys_root(StringView) { return make_sys(); }
Or<Ref<Inode>> make_tmpfs_root(StringView options) { return make_tmpfs(options); }
Or<Ref<Inode>> make_devices_root(StringView options) {
  Ref<Inode> top = TRY(make_tmpfs(options));
  top->status.mode = mode::kDirectory | 0755;
  TRY(populate_devices(*top));
  return top;
}

}  // namespace

void register_file_system(const char* name, Or<Ref<Inode>> (*make)(StringView options)) {
  KASSERT(g_count < kMost);
  g_types[g_count++] = {name, make};
}

void register_file_systems() {
  register_file_system("sysfs", make_sys_root);
  register_file_system("tmpfs", make_tmpfs_root);
  register_file_system("ramfs", make_tmpfs_root);
  register_file_system("proc", make_proc_root);
  register_file_system("devtmpfs", make_devices_root);
}

const FileSystemType* find_file_system(StringView name) {
  for (u32 i = 0; i < g_count; ++i)
    if (name == g_types[i].name) return &g_types[i];
  return nullptr;
}

u32 file_system_count() { return g_count; }
const FileSystemType& file_system_at(u32 index) { return g_types[index]; }

}  // namespace ido::fs
