// The kinds of file system that mount(2) knows.
#pragma once

#include "fs/inode.hpp"

namespace ido::fs {

struct FileSystemType {
  const char* name;
  // Makes a new one, or gives the one there is, with the words of mount -o. Returns its root directory.
  Or<Ref<Inode>> (*make)(StringView options);
};

void register_file_systems();  // those of this folder
void register_file_system(const char* name, Or<Ref<Inode>> (*make)(StringView options));
const FileSystemType* find_file_system(StringView name);  // null: unknown
u32 file_system_count();
const FileSystemType& file_system_at(u32 index);

}  // namespace ido::fs
