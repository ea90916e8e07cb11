// Character devices: drivers register a number; opening a device node asks the driver for a File.
#pragma once

#include "fs/vfs.hpp"

namespace ido::fs {

using DeviceOpen = Or<Ref<File>> (*)(Ref<Dentry> dentry, u32 flags);

// name: as in /dev, a literal. Panics when the table is full (a programmer's error).
void register_device(u32 number, const char* name, DeviceOpen open);

// For /proc/devices.
struct RegisteredDevice {
  u32 number;
  const char* name;
};
u32 device_count();
RegisteredDevice registered_device(u32 index);

// Makes /dev's nodes for all registered devices in `directory`.
Or<> populate_devices(Inode& directory);

// A node of a character or block device, or of a socket's name.
class DeviceInode final : public Inode {
 public:
  DeviceInode(u32 mode, u32 number) : Inode(mode) { status.special_device = number; }
  Or<Ref<File>> open(Ref<Dentry> dentry, u32 flags) override;
};

}  // namespace ido::fs
