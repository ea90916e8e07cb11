// memfd_create: a file of memory without a name.
#include "fs/dentry.hpp"
#include "fs/file.hpp"
#include "fs/tmpfs.hpp"
#include "syscall/helpers.hpp"

namespace ido {

Or<u32> sys_memfd_create(Call& call) {
  constexpr u32 kCloseOnExec = 1, kAllowSealing = 2, kMostName = 249;
  if (call[1] & ~(kCloseOnExec | kAllowSealing)) return fail(Errno::kInval);
  char name[6 + kMostName + 1] = "memfd:";
  auto length = string_from_user(name + 6, call[0], kMostName + 1);
  if (!length.ok()) return fail(length.error() == Errno::kNameTooLong ? Errno::kInval : length.error());
  const StringView whole{name, *length + 6};
  Ref<fs::Inode> inode = TRY(fs::make_nameless_file(whole));
  Text shown;  // in /proc/PID/maps
  shown.add("/%s", name);
  inode->opened_as(shown.view());
  Ref<fs::Dentry> dentry = TRY(fs::Dentry::make({}, whole, inode));
  dentry->unlinked = true;
  Ref<fs::File> file = TRY(inode->open(dentry, fs::open_flag::kReadWrite));
  return files(call).add(file, call[1] & kCloseOnExec);
}

}  // namespace ido
