#include "fs/device.hpp"

namespace ido::fs {

namespace {

struct Driver {
  u32 number;
  const char* name;
  DeviceOpen open;
};
constexpr u32 kMostDrivers = 32;
Driver g_drivers[kMostDrivers];
u32 g_count = 0;

}  // namespace

void register_device(u32 number, const char* name, DeviceOpen open) {
  KASSERT(g_count < kMostDrivers);
  g_drivers[g_count++] = {number, name, open};
}

u32 device_count() { return g_count; }
RegisteredDevice registered_device(u32 index) { return {g_drivers[index].number, g_drivers[index].name}; }

Or<> populate_devices(Inode& directory) {
  for (u32 i = 0; i < g_count; ++i)
    TRY(directory.create(g_drivers[i].name, mode::kCharacter | 0666, g_drivers[i].number));
  return {};
}

Or<Ref<File>> DeviceInode::open(Ref<Dentry> dentry, u32 flags) {
  if (flags & open_flag::kPath) return Inode::open(std::move(dentry), flags);
  for (u32 i = 0; i < g_count; ++i)
    if (g_drivers[i].number == status.special_device) return g_drivers[i].open(std::move(dentry), flags);
  return fail(Errno::kNxIo);
}

}  // namespace ido::fs
