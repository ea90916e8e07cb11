#include "fs/anonymous_file.hpp"

namespace ido::fs {

Or<Status> AnonymousFile::file_status() {
  // All of them share one inode, as on Linux.
  static const u32 device = new_device();
  Status s;
  s.device = device;
  s.inode = 1;
  s.mode = 0600;
  return s;
}

void AnonymousFile::describe(Text& text) { text.add("anon_inode:[%s]", kind_.name); }

}  // namespace ido::fs
