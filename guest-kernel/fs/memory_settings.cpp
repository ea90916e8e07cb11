// /proc/sys/vm (Linux's Documentation/admin-guide/sysctl/vm.rst).
#include "fs/memory_files.hpp"
#include "fs/proc_file_system.hpp"
#include "mm/commit.hpp"
#include "mm/shrinker.hpp"
#include "mm/slab.hpp"

namespace ido::fs {

namespace {

// A number in decimal and nothing but blanks after it.
Or<u32> number_of(StringView text, u32 most) {
  u64 value = 0;
  u32 i = 0;
  for (; i < text.size && text.data[i] >= '0' && text.data[i] <= '9' && value <= most; ++i)
    value = value * 10 + static_cast<u32>(text.data[i] - '0');
  const bool any = i > 0;
  while (i < text.size && (text.data[i] == '\n' || text.data[i] == ' ')) ++i;
  if (!any || i < text.size || value > most) return fail(Errno::kInval);
  return static_cast<u32>(value);
}

Or<> render_overcommit(Text& text, u32) {
  text.add("%u\n", static_cast<u32>(commit_policy()));
  return {};
}
Or<> store_overcommit(StringView text, u32) {
  set_commit_policy(static_cast<CommitPolicy>(TRY(number_of(text, 2))));
  return {};
}

Or<> render_ratio(Text& text, u32) {
  text.add("%u\n", commit_ratio());
  return {};
}
Or<> store_ratio(StringView text, u32) {
  set_commit_ratio(TRY(number_of(text, 10000)));
  return {};
}

// 1: pages of the cache, of which none can be dropped while all are tmpfs's; 2: names and inodes; 3: both.
Or<> store_drop_caches(StringView text, u32) {
  const u32 what = TRY(number_of(text, 4));
  if (what & 2) shrink_caches(~u32{0});
  drop_empty_slabs();
  return {};
}

}  // namespace

Or<> add_memory_settings(VirtualDirectory& sys) {
  Ref<VirtualDirectory> vm = TRY(make_virtual_directory(kProcMagic));
  TRY(vm->add_file("overcommit_memory", render_overcommit, store_overcommit));
  TRY(vm->add_file("overcommit_ratio", render_ratio, store_ratio));
  TRY(vm->add_file("drop_caches", nullptr, store_drop_caches));
  return sys.add("vm", vm);
}

}  // namespace ido::fs
