#include "fs/initramfs.hpp"

#include "arch/kmap.hpp"
#include "lib/string.hpp"

namespace ido::fs {

namespace {

constexpr u32 kHeaderSize = 110;   // "070701" and 13 fields of 8 hexadecimal digits
constexpr u32 kMostName = 4096;    // bytes of a path in the archive
constexpr u32 kMostTarget = 1024;  // bytes of a symbolic link's target

// Reads physical memory front to back.
class Archive {
 public:
  Archive(u64 start, u64 end) : at_(start), start_(start), end_(end) {}
  u64 left() const { return end_ - at_; }
  bool read(void* to, u32 size) {
    if (size > left()) return false;
    auto* out = static_cast<u8*>(to);
    while (size > 0) {
      const u32 offset = static_cast<u32>(at_) & kPageMask;
      const u32 n = kPageSize - offset < size ? kPageSize - offset : size;
      {
        Kmap map(pfn_of(GuestPhys{at_}));
        memcpy(out, map.bytes() + offset, n);
      }
      at_ += n, out += n, size -= n;
    }
    return true;
  }
  // To the next byte that is not zero; false when there is none.
  bool skip_zeros() {
    for (; left() >= 4; at_ += 4) {
      u32 word;
      const u64 here = at_;
      if (!align() || !read(&word, sizeof word)) return false;
      at_ = here;
      if (word != 0) return true;
    }
    return false;
  }
  bool align() {
    const u64 padding = (4 - (at_ - start_) % 4) % 4;
    if (padding > left()) return false;
    at_ += padding;
    return true;
  }

 private:
  u64 at_, start_, end_;
};

struct Header {
  u32 inode, mode, user, group, links, modify, size, device_major, device_minor, special_major, special_minor,
      name_size, check;
};

bool parse_header(const char* text, Header& h) {
  if (memcmp(text, "070701", 6) != 0 && memcmp(text, "070702", 6) != 0) return false;
  u32* fields = &h.inode;
  for (u32 f = 0; f < 13; ++f) {
    fields[f] = 0;
    for (u32 i = 0; i < 8; ++i) {
      const char c = text[6 + f * 8 + i];
      const u32 digit = c >= '0' && c <= '9'   ? static_cast<u32>(c - '0')
                        : c >= 'a' && c <= 'f' ? static_cast<u32>(c - 'a') + 10
                        : c >= 'A' && c <= 'F' ? static_cast<u32>(c - 'A') + 10
                                               : 16;
      if (digit == 16) return false;
      fields[f] = fields[f] << 4 | digit;
    }
  }
  return true;
}

struct HardLink {
  u32 inode, device_major, device_minor;
  Ref<Dentry> target;
};

Or<> unpack_file(Archive& archive, u32 size, Inode& file) {
  static u8 chunk[kPageSize];
  for (u64 position = 0; position < size;) {
    const u32 n = size - position < sizeof chunk ? static_cast<u32>(size - position) : static_cast<u32>(sizeof chunk);
    if (!archive.read(chunk, n)) return fail(Errno::kInval);
    Buffer buffer = Buffer::kernel(chunk, n);
    TRY(file.write(position, buffer));
    if (buffer.left() > 0) return fail(Errno::kNoSpc);
    position += n;
  }
  return {};
}

void set_attributes(const Header& h, Inode& inode) {
  inode.status.user = h.user, inode.status.group = h.group;
  inode.status.modify = {static_cast<i64>(h.modify), 0};
}

// A later entry replaces an earlier one of its name; only directories stay, and get the new mode.
Or<> clear_the_way(u32 type, StringView path) {
  auto there = lookup(root(), path, Follow::kNo);
  if (!there.ok()) return {};
  const bool directory = (*there)->inode->is_directory();
  if (directory && type == mode::kDirectory) return {};
  return remove(root(), path, directory);
}

Or<> unpack_symlink(Archive& archive, const Header& h, StringView path) {
  char target[kMostTarget];
  if (h.size >= sizeof target || !archive.read(target, h.size)) return fail(Errno::kInval);
  TRY(symlink({target, h.size}, root(), path));
  set_attributes(h, *TRY(lookup(root(), path, Follow::kNo))->inode);
  return {};
}

// In "newc" archives each name of a hard-linked file has an entry, and only one of them, mostly the last, the data.
Or<Ref<Dentry>> make_name(const Header& h, StringView path, Vector<HardLink>& links) {
  const bool linked = (h.mode & mode::kType) != mode::kDirectory && h.links > 1;
  for (HardLink& l : links) {
    if (!linked || l.inode != h.inode || l.device_major != h.device_major || l.device_minor != h.device_minor) continue;
    TRY(link(l.target, root(), path));
    return l.target;
  }
  if (auto there = lookup(root(), path, Follow::kNo); there.ok()) {
    (*there)->inode->status.mode = h.mode;
    return there;
  }
  TRY(make(root(), path, h.mode, device_number(h.special_major, h.special_minor)));
  Ref<Dentry> made = TRY(lookup(root(), path, Follow::kNo));
  if (linked) TRY(links.push({h.inode, h.device_major, h.device_minor, made}));
  return made;
}

Or<> unpack_entry(Archive& archive, const Header& h, StringView path, Vector<HardLink>& links) {
  const u32 type = h.mode & mode::kType;
  TRY(clear_the_way(type, path));
  if (type == mode::kSymlink) return unpack_symlink(archive, h, path);
  Ref<Dentry> made = TRY(make_name(h, path, links));
  if (type == mode::kRegular) TRY(unpack_file(archive, h.size, *made->inode));
  set_attributes(h, *made->inode);
  return {};
}

// One archive up to its trailer.
Or<> unpack_archive(Archive& archive) {
  Vector<HardLink> links;
  static char path[kMostName];
  for (u32 count = 0;; ++count) {
    char text[kHeaderSize];
    Header h;
    if (!archive.read(text, sizeof text) || !parse_header(text, h) || h.name_size == 0 || h.name_size > sizeof path ||
        !archive.read(path, h.name_size) || !archive.align()) {
      print("initramfs: damaged after %u entries\n", count);
      return fail(Errno::kInval);
    }
    path[h.name_size - 1] = 0;
    if (strcmp(path, "TRAILER!!!") == 0) return {};
    const StringView name(path);
    if (!(name == ".")) {
      if (auto done = unpack_entry(archive, h, name, links); !done.ok()) {
        print("initramfs: %s: error %d\n", path, static_cast<i32>(done.error()));
        return done;
      }
    }
    if (!archive.align()) return fail(Errno::kInval);
  }
}

}  // namespace

Or<> unpack_initramfs(u64 start, u64 end) {
  Archive archive(start, end);
  // Archives may stand one behind another, with zeros between them.
  do TRY(unpack_archive(archive));
  while (archive.skip_zeros());
  return {};
}

}  // namespace ido::fs
