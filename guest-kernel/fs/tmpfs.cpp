// A tmpfs as a whole, and its small kinds of inode.
#include "fs/tmpfs.hpp"

#include "fs/tmpfs_nodes.hpp"
#include "lib/string.hpp"
#include "mm/stats.hpp"

namespace ido::fs {

namespace {

// "12345", "64k", "16m", "1g" or "50%" (of memory) to pages.
Or<u64> size_in_pages(StringView text) {
  if (text.empty()) return fail(Errno::kInval);
  const char unit = text[text.size - 1];
  const bool has_unit = unit < '0' || unit > '9';
  u32 number;
  if (!parse_decimal(has_unit ? text.first(text.size - 1) : text, number)) return fail(Errno::kInval);
  switch (has_unit ? unit | 0x20 : 0) {
    case 0: return (u64{number} + kPageMask) >> kPageShift;
    case 'k': return (u64{number} + 3) / 4;
    case 'm': return u64{number} << (20 - kPageShift);
    case 'g': return u64{number} << (30 - kPageShift);
    case '%' | 0x20: return memory_info().total_pages / 100 * u64{number};
    default: return fail(Errno::kInval);
  }
}

bool parse_octal(StringView text, u32& value) {
  value = 0;
  for (u32 i = 0; i < text.size; ++i) {
    if (text[i] < '0' || text[i] > '7') return false;
    value = value << 3 | static_cast<u32>(text[i] - '0');
  }
  return !text.empty();
}

// One word of mount -o: size, nr_blocks, mode, uid and gid are known; the others of tmpfs(5) are taken and forgotten.
Or<> apply(StringView word, Inode& top, TmpfsInstance& instance) {
  const u32 equals = word.find('=');
  const StringView key = word.first(equals);
  const StringView value = equals < word.size ? word.from(equals + 1) : StringView();
  u32 number;
  if (key == "size") {
    instance.most_pages = TRY(size_in_pages(value));
  } else if (key == "nr_blocks") {
    if (!parse_decimal(value, number)) return fail(Errno::kInval);
    instance.most_pages = number;
  } else if (key == "mode") {
    if (!parse_octal(value, number)) return fail(Errno::kInval);
    top.status.mode = mode::kDirectory | (number & mode::kPermissions);
  } else if (key == "uid" || key == "gid") {
    if (!parse_decimal(value, number)) return fail(Errno::kInval);
    (key == "uid" ? top.status.user : top.status.group) = number;
  }
  return {};
}

}  // namespace

u64 TmpfsInstance::limit() const { return most_pages != 0 ? most_pages : memory_info().total_pages / 2; }

TmpfsInode::TmpfsInode(Ref<TmpfsInstance> instance, u32 mode) : Inode(mode), instance_(std::move(instance)) {
  status.device = instance_->device;
  ++instance_->inodes;
}

TmpfsInode::~TmpfsInode() { --instance_->inodes; }

FileSystemStatus TmpfsInode::file_system() {
  const u64 most = instance_->limit(), used = instance_->pages;
  const MemoryInfo memory = memory_info();
  const u64 files = memory.low_total_pages / 2;
  FileSystemStatus s{kTmpfsMagic, most, most > used ? most - used : 0};
  s.total_files = files;
  s.free_files = files > instance_->inodes ? files - instance_->inodes : 0;
  return s;
}

Or<Ref<Inode>> make_tmpfs(StringView options) {
  Ref<TmpfsInstance> instance(new (std::nothrow) TmpfsInstance);
  if (!instance) return fail(Errno::kNoMem);
  Ref<Inode> top(new (std::nothrow) TmpfsDirectory(instance, mode::kDirectory | mode::kSticky | 0777));
  if (!top) return fail(Errno::kNoMem);
  top->status.links = 2;
  while (!options.empty()) {
    const u32 comma = options.find(',');
    TRY(apply(options.first(comma), *top, *instance));
    options = comma < options.size ? options.from(comma + 1) : StringView();
  }
  return top;
}

}  // namespace ido::fs
