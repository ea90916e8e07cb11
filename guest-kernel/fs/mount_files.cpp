// /proc/PID/mounts and mountinfo (proc(5)).
#include "fs/mount.hpp"
#include "fs/proc_file_system.hpp"
#include "fs/vfs.hpp"

namespace ido::fs {

namespace {

void add_options(const Mount& m, Text& text) {
  struct Option {
    u32 flag;
    const char* name;
  };
  static constexpr Option kOptions[] = {
      {mount_flag::kSynchronous, ",sync"},     {mount_flag::kNoSetId, ",nosuid"},
      {mount_flag::kNoDevices, ",nodev"},      {mount_flag::kNoExecute, ",noexec"},
      {mount_flag::kNoAccessTime, ",noatime"}, {mount_flag::kRelativeAccessTime, ",relatime"}};
  text.add(StringView(m.flags & mount_flag::kReadOnly ? "ro" : "rw"));
  for (const Option& o : kOptions)
    if (m.flags & o.flag) text.add(StringView(o.name));
}

// Blanks and the like as in octal, so that a line has its number of words.
void add_escaped(StringView path, Text& text) {
  for (u32 i = 0; i < path.size; ++i) {
    const char c = path[i];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\\')
      text.add("\\%03o", static_cast<u32>(c));
    else
      text.add(StringView{&c, 1});
  }
}

void add_place(const Mount& m, Text& text) {
  Text path;
  path_of(m.root, path);
  add_escaped(path.view(), text);
}

}  // namespace

Or<> render_mounts(Text& text, u32) {
  for (u32 i = 0; i < mount_count(); ++i) {
    const Mount& m = mount_at(i);
    if (!below_root(m.root, current_root())) continue;
    add_escaped(m.source.view(), text);
    text.add(StringView(" "));
    add_place(m, text);
    text.add(StringView(" "));
    text.add(m.type);
    text.add(StringView(" "));
    add_options(m, text);
    text.add(StringView(" 0 0\n"));
  }
  return {};
}

Or<> render_mount_information(Text& text, u32) {
  for (u32 i = 0; i < mount_count(); ++i) {
    const Mount& m = mount_at(i);
    if (!below_root(m.root, current_root())) continue;
    u32 parent = 0;
    for (const Dentry* d = m.root->covered.get(); d != nullptr; d = d->parent.get())
      for (u32 k = 0; k < mount_count() && !d->parent; ++k)
        if (mount_at(k).root.get() == d) parent = k + 1;
    const u32 device = m.root->inode->status.device;
    text.add("%u %u %u:%u / ", i + 1, parent, device >> 8, device & 0xff);
    add_place(m, text);
    text.add(StringView(" "));
    add_options(m, text);
    text.add(StringView(" - "));
    text.add(m.type);
    text.add(StringView(" "));
    add_escaped(m.source.view(), text);
    text.add(StringView(m.flags & mount_flag::kReadOnly ? " ro\n" : " rw\n"));
  }
  return {};
}

}  // namespace ido::fs
